/**
 * The marker of a finished round, DONE: the SHA-256 of every file of the round, in the format of sha256sum.
 * It is written last. If it exists, all files were complete, and later damage is noticed.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../core/errors.ts";
import { roundFiles, roundOfDirectory, runWord } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
import { isStudyCopy } from "../results/read.ts";

/**
 * Files of a round without its marker. The dense round has no mask, but the rewind point; only some backends have kernels.
 */
export const ROUND_FILES = ["mask", "kernels", "end", "metrics", "predictions", "scores"] as const;
const REWIND = "../rewind.safetensors";

/** The contents of the marker for the round in `directory`, whose other files are all written. */
export function markerOf(directory: string): string {
  return sealedFiles(directory)
    .map((name) => `${digest(path.join(directory, name))}  ${name}\n`).join("");
}

/** The files that the marker lists, relative to the round's directory. */
function sealedFiles(directory: string): string[] {
  const names = ROUND_FILES.map((name) => path.basename(roundFiles[name](directory)));
  return [...names, ...(roundOfDirectory(path.basename(directory)) === 0 ? [REWIND] : [])]
    .filter((name) => fs.existsSync(path.join(directory, name)));
}

/** Whether the marker of a finished round lists its files; older versions wrote markers without contents. */
export function isSealed(directory: string): boolean {
  return fs.statSync(roundFiles.done(directory)).size > 0;
}

/**
 * Compares the round in `directory` with its marker. An empty marker, from an older version, is not
 * compared.
 *
 * @throws {Failure} Naming the first file that is missing or was changed, and what to do.
 */
export function checkSeal(directory: string): void {
  const done = roundFiles.done(directory);
  const text = fs.readFileSync(done, "latin1");
  if (text === "") return;
  const cutOff = () =>
    damagedRound(directory, { file: done, why: "is damaged: its end is missing" });
  if (!text.endsWith("\n")) throw cutOff();
  const sealed = sealedFiles(directory);
  const listed = new Set<string>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, expected, name] = /^([0-9a-f]{64}) {2}((?:\.\.\/)?[\w.]+)$/.exec(line) ?? [];
    if (expected === undefined) throw damagedRound(directory, { file: done, why: "is damaged" });
    listed.add(name!);
    const file = path.join(directory, name!);
    if (!fs.existsSync(file)) throw damagedRound(directory, { file, why: "is missing" });
    if (!sealed.includes(name!)) throw damagedRound(directory, { file: done, why: "is damaged" });
    if (digest(file) !== expected) {
      throw damagedRound(directory, { file, why: "is damaged: it is not what the round wrote" });
    }
  }
  // If the marker was cut off after a whole line, all remaining lines are true.
  if (sealed.some((name) => !listed.has(name))) throw cutOff();
}

/** The error, with advice, for a finished round whose `file` is bad. */
export function damagedRound(
  directory: string,
  { file, why }: { file: string; why: string },
): Failure {
  const run = path.dirname(directory);
  return new Failure(
    isStudyCopy(run)
      ? `${file} ${why}; ${run} is a copy for a study, which keeps results alone: name the run itself`
      : `${file} ${why}; delete ${roundFiles.done(directory)} and continue the run with ` +
        `${
          resumeCommand(runWord(run))
        }: this round is then trained again, bit for bit as before, and no other`,
  );
}

function digest(file: string): string {
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}
