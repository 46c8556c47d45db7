/**
 * Parsers under seeded, mutated inputs: whatever they are given, they answer or refuse in a sentence.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { ROOT } from "../core/paths.ts";
import type { Rng } from "../core/rng.ts";
import { mutated } from "./mutate.ts";
import { isExpected, parsers, type Target } from "./parsers.ts";
import type { TortureContext, TortureRow } from "./part.ts";

/** Inputs that once were answered wrongly, by parser; tests try them again. */
export const REGRESSIONS: string = path.join(ROOT, "src/torture/regressions");
/** An input of a kilobyte that takes so long is a way to hang a program. */
const TOO_LONG_MS = 2000;
/** More of one parser are of one kind. */
const MOST_FINDINGS = 5;

/** A folder in memory, if there is one, for inputs that are read from files. */
export function withScratch<Result>(body: (directory: string) => Result): Result {
  const memory = "/dev/shm";
  const directory = fs.mkdtempSync(
    path.join(fs.existsSync(memory) ? memory : os.tmpdir(), "fuzz-"),
  );
  try {
    return body(directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

/** What is wrong with a parser's answer to an input; null if nothing is. */
export function problemOf(target: Target, bytes: Uint8Array): string | null {
  const started = performance.now();
  const problem = answer(target, bytes);
  if (problem !== null || performance.now() - started < TOO_LONG_MS) return problem;
  // The machine may have been busy with something else: what counts is the work of a second try.
  const before = process.cpuUsage();
  answer(target, bytes);
  const took = process.cpuUsage(before).user / 1000;
  return took > TOO_LONG_MS ? `it took ${(took / 1000).toFixed(1)} s` : null;
}

function answer(target: Target, bytes: Uint8Array): string | null {
  try {
    target.parse(bytes);
  } catch (error) {
    if (!isExpected(error)) return `${(error as Error)?.stack ?? error}`;
    if ((error as Error).message.trim() === "") return "an error without a message";
  }
  return null;
}

/** Gives a parser `count` inputs; those that find something are kept below {@linkcode REGRESSIONS}. */
export function fuzz(target: Target, { count, rng }: { count: number; rng: Rng }): string[] {
  const findings: string[] = [];
  for (let i = 0; i < count && findings.length < MOST_FINDINGS; i++) {
    const bytes = mutated(target.seeds, rng);
    const problem = problemOf(target, bytes);
    if (problem !== null) {
      findings.push(`${target.name}, kept as ${keep(target, bytes)}: ${problem}`);
    }
  }
  return findings;
}

function keep({ name }: Target, bytes: Uint8Array): string {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const file = path.join(REGRESSIONS, `${name.replaceAll(" ", "-")}.${hash}.bin`);
  fs.mkdirSync(REGRESSIONS, { recursive: true });
  fs.writeFileSync(file, bytes);
  return path.relative(ROOT, file);
}

/** All parsers, with equal shares of the inputs. */
export function fuzzPart({ inputs, rng, note }: TortureContext): Promise<TortureRow[]> {
  return Promise.resolve(withScratch((directory) => {
    const targets = parsers(directory);
    const count = Math.ceil(inputs / targets.length);
    const findings = targets.flatMap((target) => {
      const started = performance.now();
      const found = fuzz(target, { count, rng });
      const rate = Math.round(count / (performance.now() - started) * 1000);
      note(`${target.name}: ${count} inputs, ${rate} per second`);
      return found;
    });
    const what = `inputs to ${targets.length} parsers`;
    return [{ what, count: count * targets.length, findings }];
  }));
}
