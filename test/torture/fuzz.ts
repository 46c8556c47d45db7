/**
 * Gives parsers seeded, mutated inputs. A parser must accept an input or refuse it with one sentence.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { ROOT } from "../../src/core/paths.ts";
import type { Rng } from "../../src/core/rng.ts";
import { mutated } from "./mutate.ts";
import { isExpected, type Target } from "./target.ts";

/** Inputs with a former finding, by parser; tests try them again. */
export const REGRESSIONS: string = path.join(ROOT, "test/torture/regressions");
/** Longest time for an input of a kilobyte; slower parsing would let an input hang the program. */
const TOO_LONG_MS = 2000;
/** Most findings per parser; further ones are usually of the same kind. */
const MOST_FINDINGS = 5;

/** A folder in memory if the system has one, for inputs that are read from files. */
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

/** The finding for a parser and an input; null if there is none. */
export function problemOf(target: Target, bytes: Uint8Array): string | null {
  const started = performance.now();
  const problem = answer(target, bytes);
  if (problem !== null || performance.now() - started < TOO_LONG_MS) return problem;
  // The machine may have been busy, so the time of a second try counts.
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

/** The result for a number of inputs. */
export interface Fuzzed {
  /** Number of inputs that the parser accepted; it refused the others. */
  readonly accepted: number;
  readonly findings: string[];
}

/** Gives a parser `count` inputs; inputs with a finding are saved below {@linkcode REGRESSIONS}. */
export function fuzz(target: Target, { count, rng }: { count: number; rng: Rng }): Fuzzed {
  const findings: string[] = [];
  let accepted = 0;
  const counting: Target = {
    ...target,
    parse: (bytes) => {
      target.parse(bytes);
      accepted++;
    },
  };
  for (let i = 0; i < count && findings.length < MOST_FINDINGS; i++) {
    const bytes = inputFor(target, rng);
    const problem = problemOf(counting, bytes);
    if (problem !== null) {
      findings.push(`${target.name}, kept as ${keep(target, bytes)}: ${problem}`);
    }
  }
  return { accepted, findings };
}

/** Makes an input. If the target has `remake`, half of the inputs keep the structure that is checked first. */
function inputFor({ seeds, remake }: Target, rng: Rng): Uint8Array {
  if (!remake || rng.integer(2) === 0) return mutated(seeds, rng);
  return remake(seeds[rng.integer(seeds.length)]!, rng);
}

function keep({ name }: Target, bytes: Uint8Array): string {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const file = path.join(REGRESSIONS, `${name.replaceAll(" ", "-")}.${hash}.bin`);
  fs.mkdirSync(REGRESSIONS, { recursive: true });
  fs.writeFileSync(file, bytes);
  return path.relative(ROOT, file);
}
