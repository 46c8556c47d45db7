/**
 * Damages files of runs. Every file of an unfinished run and of a finished one is flipped, cut, overwritten,
 * removed or replaced by another, and the run is resumed. The run must end bit-equal to an undisturbed run, or
 * be refused with one sentence.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, messageOf, UsageError } from "../../src/core/errors.ts";
import { roundFiles, runFiles } from "../../src/core/paths.ts";
import type { Rng } from "../../src/core/rng.ts";
import type { Config } from "../../src/config/config.ts";
import { RunStore } from "../../src/run/run_store.ts";
import { assertSameResults, doToyRun, toyConfig } from "../../src/run/testing.ts";
import type { TortureContext, TortureRow } from "./part.ts";

type Damage = (file: string, context: { rng: Rng; others: readonly string[] }) => void;

const rewrite = (file: string, change: (bytes: Uint8Array) => Uint8Array | void): void => {
  const bytes = new Uint8Array(fs.readFileSync(file));
  fs.writeFileSync(file, change(bytes) ?? bytes);
};

/** Ways to damage a file. Most of them do not change an empty file. */
const DAMAGES: Readonly<Record<string, Damage>> = {
  "a flipped bit": (file, { rng }) =>
    rewrite(file, (bytes) => {
      if (bytes.length > 0) bytes[rng.integer(bytes.length)]! ^= 1 << rng.integer(8);
    }),
  "a flipped bit in its first kilobyte": (file, { rng }) =>
    rewrite(file, (bytes) => {
      if (bytes.length > 0) {
        bytes[rng.integer(Math.min(1024, bytes.length))]! ^= 1 << rng.integer(8);
      }
    }),
  "a changed digit": (file, { rng }) =>
    rewrite(file, (bytes) => {
      const digits = [...bytes.keys()].filter((i) => bytes[i]! >= 0x30 && bytes[i]! <= 0x39);
      if (digits.length > 0) bytes[digits[rng.integer(digits.length)]!] = 0x30 + rng.integer(10);
    }),
  "zeros in the middle": (file, { rng }) =>
    rewrite(file, (bytes) => {
      const at = rng.integer(bytes.length + 1);
      bytes.fill(0, at, at + 1 + rng.integer(512));
    }),
  "its end cut off": (file, { rng }) =>
    rewrite(file, (bytes) => bytes.subarray(0, rng.integer(bytes.length + 1))),
  "something after its end": (file, { rng }) =>
    rewrite(file, (bytes) => Uint8Array.from([...bytes, rng.integer(256)])),
  "no contents": (file) => fs.writeFileSync(file, ""),
  removed: (file) => fs.rmSync(file),
  "replaced by another file": (file, { rng, others }) => {
    const other = others[rng.integer(others.length)]!;
    if (other !== file) fs.copyFileSync(other, file);
  },
};

/** Starts a run of this configuration and stops it in its second round. */
async function stopInTheMiddle(directory: string, config: Config): Promise<void> {
  const masked = () => fs.existsSync(roundFiles.mask(runFiles.round(directory, 1)));
  let chunks = 0;
  await doToyRun({ directory, config, stop: () => masked() && ++chunks >= 3 });
}

/** All files below a folder, relative to it. */
function filesBelow(directory: string): string[] {
  return fs.readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** The result of one damage: "mended" if the run ended correctly, "refused", or the finding. */
async function resumed(run: string, whole: string): Promise<string> {
  try {
    await doToyRun({ directory: run, config: new RunStore(run).config() });
  } catch (error) {
    if (!(error instanceof Failure || error instanceof UsageError)) {
      return `${(error as Error).stack ?? error}`;
    }
    const message = messageOf(error);
    return /^[^\n]{20,}$/.test(message) ? "refused" : `refused with "${message}"`;
  }
  try {
    assertSameResults(run, whole);
  } catch (error) {
    return `its results differ: ${messageOf(error)}`;
  }
  return "mended";
}

/**
 * @param options.repeats Number of times that each damage is done to each file.
 * @param options.runs Directories of a run stopped in its second round and of a finished run.
 */
export async function corruptRuns(
  { directory, data, rng, note }: Pick<TortureContext, "directory" | "data" | "rng" | "note">,
  { repeats, runs }: { repeats: number; runs: readonly ("middle" | "whole")[] },
): Promise<TortureRow[]> {
  const at = (name: string) => path.join(directory, name);
  const config = toyConfig(data, {
    rewindTo: "2it",
    training: { ...toyConfig(data).training, epochs: 2 },
  });
  await doToyRun({ directory: at("whole"), config });
  await stopInTheMiddle(at("middle"), config);
  const findings: string[] = [];
  const outcomes = { mended: 0, refused: 0 };
  for (const from of runs) {
    const others = filesBelow(at(from));
    for (const file of others) {
      for (const [how, damage] of Object.entries(DAMAGES)) {
        for (let i = 0; i < repeats; i++) {
          const run = at("damaged");
          fs.cpSync(at(from), run, { recursive: true });
          damage(path.join(run, file), { rng, others: others.map((name) => path.join(run, name)) });
          const outcome = await resumed(run, at("whole"));
          if (outcome === "mended" || outcome === "refused") outcomes[outcome]++;
          else findings.push(`${from}: ${file}, ${how}: ${outcome}`);
          fs.rmSync(run, { recursive: true });
        }
      }
      note(`${from}: ${file}`);
    }
  }
  const { mended, refused } = outcomes;
  const count = mended + refused + findings.length;
  const detail = `${mended} ended bit-equal, ${refused} refused`;
  return [{ what: "damaged files of runs", count, findings, detail }];
}

/** Damages files of unfinished and of finished runs. */
export function corruptPart(context: TortureContext): Promise<TortureRow[]> {
  return corruptRuns(context, { repeats: context.repeats, runs: ["middle", "whole"] });
}
