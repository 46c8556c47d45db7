/**
 * Copies what finished rounds leave that is small into a group of the study.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { UsageError } from "../core/errors.ts";
import { type Contents, writeFilesAtomic } from "../core/files.ts";
import { roundFiles, roundOfDirectory, runFiles, runWord } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
import { hasSummary, readSummary } from "../results/read.ts";
import { chosenRounds, readGroup } from "./group.ts";

/** What is added to a group. */
export interface CollectOptions {
  /** Whether the finished rounds of unfinished runs may be added. */
  allowIncomplete: boolean;
}

/**
 * Adds runs to a group, if the group can then still be compared. A run that it has already is replaced.
 *
 * @returns The folders of the copies.
 * @throws {UsageError} If a run is not finished, or cannot be compared with the others. Nothing has been added
 *   to the group then.
 */
export function addRuns(
  runs: readonly string[],
  { group, ...options }: CollectOptions & { group: string },
): string[] {
  const trial = fs.mkdtempSync(path.join(os.tmpdir(), "lth-study-"));
  try {
    const copy = path.join(trial, path.basename(group));
    const replaced = runs.map((run) => path.join(group, path.basename(run)));
    fs.cpSync(group, copy, {
      recursive: true,
      filter: (file) => !replaced.includes(file),
    });
    for (const run of runs) collect(run, { ...options, group: copy });
    try {
      const read = readGroup(copy, path.dirname(group));
      if (read && !read.trials) void read.comparison; // throws if they cannot be compared
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const why = error.message.replaceAll(fs.realpathSync(copy), group);
      throw new UsageError(`Cannot add runs to ${path.basename(group)}: ${why}`);
    }
  } finally {
    fs.rmSync(trial, { recursive: true });
  }
  return runs.map((run) => collect(run, { ...options, group }));
}

/**
 * Copies configuration, summary and times as they are, and the predictions of every finished round that the group
 * compares, compressed. Other rounds that an earlier copy has are removed.
 *
 * @returns The folder of the copy.
 * @throws {UsageError} If there is no such run, no round of it is finished, or not all are and that is not allowed, or it lacks a
 *   round that the group's settings name.
 */
export function collect(
  run: string,
  { group, allowIncomplete }: CollectOptions & { group: string },
): string {
  if (!fs.existsSync(run)) {
    throw new UsageError(
      `Cannot collect ${run}: there is no such run; name one below checkpoints/ or give its path`,
    );
  }
  const summary = hasSummary(run) ? readSummary(run) : null;
  if (!summary || (!summary.complete && !allowIncomplete)) {
    throw new UsageError(
      `Cannot collect ${run}: it is not a finished run; finish it with ${
        resumeCommand(runWord(run))
      }` +
        (summary ? ", or add --allow-incomplete to use its finished rounds" : ""),
    );
  }
  const target = path.join(group, path.basename(run));
  const copied = ["config", "summary", "timing"] as const;
  const files: [string, Contents][] = copied.map((name) => runFiles[name](run))
    .filter((file) => fs.existsSync(file))
    .map((file) => [path.join(target, path.basename(file)), fs.readFileSync(file)]);
  const finished = summary.rounds.map(({ round }) => round);
  const chosen = chosenRounds(group, path.basename(run));
  const lacking = summary.complete ? chosen?.find((round) => !finished.includes(round)) : undefined;
  if (lacking !== undefined) {
    throw new UsageError(
      `Cannot collect ${run}: it has no round ${lacking}, which study.json names; its rounds are ` +
        `${Math.min(...finished)} to ${Math.max(...finished)}`,
    );
  }
  const rounds = finished.filter((round) => round === 0 || (chosen?.includes(round) ?? true));
  if (chosen) files.push([runFiles.kept(target), `${JSON.stringify({ rounds })}\n`]);
  for (const round of rounds) {
    const predictions = fs.readFileSync(roundFiles.predictions(runFiles.round(run, round)));
    const file = roundFiles.packedPredictions(runFiles.round(target, round));
    files.unshift([file, new Uint8Array(gzipSync(predictions, { level: 9 }))]);
  }
  if (!chosen) fs.rmSync(runFiles.kept(target), { force: true });
  writeFilesAtomic(files);
  removeOtherRounds(target, new Set(rounds));
  return target;
}

function removeOtherRounds(target: string, rounds: ReadonlySet<number>): void {
  for (const name of fs.readdirSync(target)) {
    const round = roundOfDirectory(name);
    if (round !== null && !rounds.has(round)) {
      fs.rmSync(path.join(target, name), { recursive: true });
    }
  }
}
