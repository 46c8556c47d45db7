/**
 * What to expect of a network that was trained on all records: the score of networks that were made in the
 * same way, one per fold, each on the records that it has not seen (Stone 1974, Cross-validatory choice and
 * assessment of statistical predictions).
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import type { Summary } from "../results/summary.ts";
import { metricFor, type Scores, scoresOf } from "../training/metrics.ts";
import { foldCount, foldOf } from "./fold.ts";
import { methodSettings } from "./method.ts";
import type { Outcome } from "./predictions.ts";
import { readRuns, type Run } from "./run.ts";

/** The network whose score is asked for. */
export interface Expected {
  /** Its run. */
  readonly summary: Summary;
  /** Its round. */
  readonly round: number;
  /** All records of the run's data set. */
  readonly records: ReadonlySet<string>;
}

/**
 * The scores of the same round of all folds, as one: every record counts once, as its fold's network labels it.
 *
 * @param names Finished runs, one per fold, or folders of them.
 * @throws {UsageError} If they are not all folds of one cross-validation over exactly these records, have
 * other settings than the network, another number of weights in that round, or no predictions of it.
 */
export function crossValidated(
  names: readonly string[],
  { summary, round, records }: Expected,
): Pick<Scores, "records" | "score" | "f1" | "confusion"> {
  const { runs } = readRuns(names, { split: "test", allowIncomplete: false, showTest: false });
  refuseOtherFolds(runs);
  const { kept } = roundOf(summary, round, "the run");
  for (const run of runs) {
    refuseOtherSettings(run, summary);
    const own = roundOf(run.summary, round, run.directory).kept;
    if (own === kept) continue;
    refuse(`round ${round} of ${run.directory} keeps ${own} weights, that of the run ${kept}`);
  }
  const outcomes = new Map<string, Outcome>();
  for (const run of runs) {
    for (const [record, outcome] of outcomesOf(run, round)) outcomes.set(record, outcome);
  }
  const missing = [...records].filter((record) => !outcomes.has(record)).length;
  const other = [...outcomes.keys()].filter((record) => !records.has(record)).length;
  if (missing + other > 0) {
    refuse(
      `its folds leave out ${counted(missing, "record")} of the run's data set and have ` +
        `${counted(other, "record")} that it has not`,
    );
  }
  const all = [...outcomes.values()];
  const { classes } = summary;
  return scoresOf(all.map(({ predicted }) => ({ label: predicted, loss: 0, steps: 0 })), {
    ...{ truths: all.map(({ truth }) => truth), classes, metric: metricFor(classes) },
  });
}

function refuse(
  why: string,
  help = "name the finished runs of all folds, with the run's settings",
): never {
  throw new UsageError(`Cannot use the cross-validation: ${why}; ${help}`);
}

/** A copy that a study keeps may have left out the predictions of a finished round. */
function outcomesOf({ directory, outcomes }: Run, round: number): ReadonlyMap<string, Outcome> {
  return outcomes.get(round) ?? refuse(
    `${directory} has predictions of rounds ${
      [...outcomes.keys()].join(", ")
    } only, not of round ${round}`,
    "name the run that it was copied from",
  );
}

function refuseOtherFolds(runs: readonly Run[]): void {
  const folds = runs.map((run) => foldOf(run) ?? refuse(`${run.directory} is not of a fold`));
  const count = foldCount(runs[0]!)!;
  const whole = Array.from({ length: count }, (_, i) => i + 1);
  const found = folds.toSorted((a, b) => a - b);
  if (found.join() === whole.join() && runs.every((run) => foldCount(run) === count)) return;
  refuse(`its runs are of fold ${found.join(", ")}, expected folds 1 to ${count} once each`);
}

/** Settings that say nothing about how a network of one round is made. */
const FREE = /^(folds\b|pruning\.rounds$)/;

function refuseOtherSettings(run: Run, summary: Summary): void {
  const control = summary.control ?? null;
  const [own, asked] = [methodSettings(run), methodSettings({ summary, control })];
  const differing = [...new Set([...own.keys(), ...asked.keys()])].sort()
    .filter((path) => !FREE.test(path) && own.get(path) !== asked.get(path));
  if (differing.length === 0) return;
  const [path] = differing as [string];
  refuse(
    `${run.directory} has ${path} ${own.get(path) ?? "absent"}, the run ` +
      `${asked.get(path) ?? "absent"}`,
  );
}

function roundOf({ rounds }: Summary, round: number, name: string): Summary["rounds"][number] {
  return rounds.find((each) => each.round === round) ??
    refuse(`${name} has no finished round ${round}`);
}
