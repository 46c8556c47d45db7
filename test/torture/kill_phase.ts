/**
 * Finds from a run's directory what the run was doing when it was killed.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, roundOfDirectory, runFiles } from "../../src/core/paths.ts";
import type { RoundState } from "../../src/run/run_store.ts";
import { peekState } from "../../src/training/checkpoint.ts";

/** Phases of a run, in order. */
const PHASES = [
  "starting",
  "training",
  "writing a checkpoint",
  "writing results",
  "writing the report",
  "pruning",
  "ending",
] as const;
type Phase = (typeof PHASES)[number];

/** @param pid The process that was killed; earlier processes may have left files too. */
export function phaseOf(run: string, pid: number): Phase {
  const entries = listing(run);
  const half = entries.filter((name) => name.endsWith(`.${pid}.tmp`)).map((n) => path.basename(n));
  if (half.some((name) => /^\.(report\.html|index\.html)\./.test(name))) {
    return "writing the report";
  }
  if (half.some((name) => name.includes(".safetensors."))) return "writing a checkpoint";
  if (half.length > 0) return "writing results";
  const rounds = entries.flatMap((name) => roundOfDirectory(name) ?? []);
  const under = (round: number) => runFiles.round(run, round);
  const done = rounds.filter((round) => fs.existsSync(roundFiles.done(under(round))));
  if (rounds.some((r) => !done.includes(r) && fs.existsSync(roundFiles.end(under(r))))) {
    return "writing results";
  }
  const state = peekState<RoundState>(runFiles.latest(run)) ??
    peekState<RoundState>(runFiles.previous(run));
  if (done.length > 0) {
    const [marked, summed, reported] = [
      roundFiles.done(under(Math.max(...done))),
      runFiles.summary(run),
      path.join(run, "report.html"),
    ].map(modified);
    if (summed! < marked!) return "writing results";
    if (reported! < summed!) return "writing the report";
  }
  if (isComplete(run)) return "ending";
  if (state !== null && !done.includes(state.round)) return "training";
  return done.length === 0 ? "starting" : "pruning";
}

function listing(directory: string): string[] {
  try {
    return fs.readdirSync(directory, { recursive: true, encoding: "utf8" });
  } catch {
    return []; // Files may disappear while the run is still alive.
  }
}

function modified(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isComplete(run: string): boolean {
  try {
    return JSON.parse(fs.readFileSync(runFiles.summary(run), "utf8")).complete === true;
  } catch {
    return false;
  }
}
