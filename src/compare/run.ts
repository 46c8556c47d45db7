/**
 * Reads the runs of a comparison from disk.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { Failure, UsageError } from "../core/errors.ts";
import { runDirectory, runFiles, runWord } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
import { readRunConfig } from "../config/config_file.ts";
import type { RoundSummary, Summary, Timing } from "../results/summary.ts";
import { hasSummary, isStudyCopy, readKept, readSummary, readTiming } from "../results/read.ts";
import { observed } from "../statistics/bootstrap.ts";
import { macroF1, type Statistic } from "../statistics/f1.ts";
import type { DecisionRule } from "../training/decision.ts";
import { type Outcome, readPredictions } from "./predictions.ts";
import { decidedAgain } from "./rescore.ts";

/** The split whose records are drawn. */
export type ScoredSplit = "test" | "dev";

/** A control, which reuses the masks of a finished run: its kind, and the name or path of that run. */
export type Control = NonNullable<Summary["control"]>;

/** One run with the outcome of every round. */
export interface Run {
  name: string;
  directory: string;
  summary: Summary;
  control: Control | null;
  /** Times of training; null if they were not recorded. */
  timing: Timing | null;
  /** Outcomes by round, then by record. Rounds that are not compared have none. */
  outcomes: Map<number, Map<string, Outcome>>;
}

/** What to read. */
export interface ReadOptions {
  /** undefined: test if every run has it and is complete, else dev. */
  split?: ScoredSplit | undefined;
  /** Whether unfinished runs are allowed. */
  allowIncomplete: boolean;
  /** Whether test scores of unfinished runs are asked for. */
  showTest: boolean;
  /** The rule "mean" by which to decide records again; null for each run's own rule. */
  rescored?: DecisionRule | null;
}

/**
 * Reads the runs given by `names` (names or paths of runs, or of folders of runs), in the order of their names.
 *
 * @throws {UsageError} If one does not exist, is not finished, has an invalid configuration, lacks the split
 * or saved probabilities to decide records by again, or is named twice.
 * @throws {Failure} If files are damaged or contradict each other.
 */
export function readRuns(
  names: readonly string[],
  { split, allowIncomplete, showTest, rescored = null }: ReadOptions,
): { runs: Run[]; split: ScoredSplit } {
  const directories = names.flatMap(runsIn);
  const twice = directories.find((directory, i) => directories.indexOf(directory) !== i);
  if (twice !== undefined) {
    throw new UsageError(`Cannot compare ${twice} with itself: it is named twice`);
  }
  for (const directory of directories) refuseBadConfig(directory);
  const found = directories.map((directory) => ({ directory, summary: readSummary(directory) }));
  for (const { directory, summary } of found) refuseUnfinished(directory, summary, allowIncomplete);
  const without = found.find(({ summary }) => summary.rounds.some(({ test }) => test === null));
  if (split === "test" && without) {
    throw new UsageError(
      `Cannot compare ${without.directory} on test: its data set has no test split; use --split dev`,
    );
  }
  const hidden = showTest ? undefined : found.find(({ summary }) => !summary.complete);
  if (split === "test" && hidden) {
    throw new UsageError(
      `Cannot compare ${hidden.directory} on test before it is complete: finish it, use --split dev, or ` +
        "add --show-test",
    );
  }
  const chosen = split ?? (without || hidden ? "dev" : "test");
  const runs = found.map(({ directory, summary }) =>
    readRun(directory, { summary, split: chosen, rescored })
  );
  return { runs: runs.sort(byNameAndDirectory), split: chosen };
}

/** The score of a run, a number from its confusion matrix. */
export function statisticOf({ classes, metric }: Summary): Statistic {
  return macroF1(classes.length, metric.classes.map((name) => classes.indexOf(name)));
}

/** Position in a confusion matrix laid out row by row. */
export function cellOf({ truth, predicted }: Outcome, classes: number): number {
  return truth * classes + predicted;
}

/** The run called `name`, or the runs of the folder of that name. */
function runsIn(name: string): string[] {
  const directory = runDirectory(name);
  const found = fs.statSync(directory, { throwIfNoEntry: false });
  if (!found?.isDirectory()) {
    throw new UsageError(
      `Cannot compare ${directory}: ${
        found ? "it is a file" : "there is no such directory"
      }; name ` +
        "runs below checkpoints/, or give the paths of runs or of a folder of runs",
    );
  }
  if (hasSummary(directory)) return [fs.realpathSync(directory)];
  const inside = fs.readdirSync(directory).sort().map((entry) => path.join(directory, entry))
    .filter(hasSummary);
  if (inside.length > 0) return inside.map((run) => fs.realpathSync(run));
  throw new UsageError(
    `Cannot compare ${directory}: it holds no summary.json, neither do the folders in it, so there is no ` +
      "finished round of a run",
  );
}

/** A comparison reads the settings in the summary; they are those of the run only if its own are valid. */
function refuseBadConfig(directory: string): void {
  if (fs.existsSync(runFiles.config(directory))) readRunConfig(directory);
}

function refuseUnfinished(directory: string, summary: Summary, allowIncomplete: boolean): void {
  const rounds = summary.rounds.length;
  if (rounds === 0) {
    throw new UsageError(`Cannot compare ${directory}: no round of it is finished`);
  }
  if (summary.complete || allowIncomplete) return;
  throw new UsageError(
    `Cannot compare ${directory}: it is not finished (${counted(rounds, "round")} so ` +
      `far); ${
        isStudyCopy(directory) ? "" : `continue it with ${resumeCommand(runWord(directory))}, or `
      }add --allow-incomplete to use its finished rounds`,
  );
}

/**
 * Reads the outcomes of a run whose summary is known.
 *
 * @throws {Failure} If predictions are missing, damaged, or contradict the summary.
 */
export function readRun(
  directory: string,
  { summary, split, rescored = null }: {
    summary: Summary;
    split: ScoredSplit;
    rescored?: DecisionRule | null;
  },
): Run {
  const { classes } = summary;
  const kept = readKept(directory);
  const rounds = summary.rounds.filter(({ round }) => kept?.includes(round) ?? true);
  const outcomes = new Map(
    rounds.map(({ round }) => [
      round,
      readPredictions(directory, { round, split, classes }),
    ]),
  );
  const statistic = statisticOf(summary);
  for (const round of rounds) {
    const cells = [...outcomes.get(round.round)!.values()].map((o) => cellOf(o, classes.length));
    const score = observed(Uint16Array.from(cells), { cells: classes.length ** 2, statistic });
    refuseContradiction(round, { directory, split, score, records: cells.length });
  }
  if (rescored) {
    for (const [round, own] of outcomes) {
      outcomes.set(round, decidedAgain(own, { rule: rescored, summary, directory }));
    }
  }
  const control = summary.control ?? null;
  const timing = readTiming(directory);
  return { name: path.basename(directory), directory, summary, control, timing, outcomes };
}

/** Throws if the scores do not follow from the predictions: then the files are not from one run. */
function refuseContradiction(
  summary: RoundSummary,
  { directory, split, score, records }: {
    directory: string;
    split: ScoredSplit;
    score: number;
    records: number;
  },
): void {
  const said = summary[split]!;
  if (said.records === records && Math.abs(said.score - score) < 1e-9) return;
  throw new Failure(
    `Cannot use round ${summary.round} of ${directory}: summary.json says ${split} score ` +
      `${said.score} of ${said.records} records, predictions.csv gives ${score} of ${records}`,
  );
}

function byNameAndDirectory(a: Run, b: Run): number {
  return compareText(a.name, b.name) || compareText(a.directory, b.directory);
}

/** Compares texts by code units, so that the order does not depend on the machine's language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
