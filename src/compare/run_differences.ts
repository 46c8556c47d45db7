/**
 * Compares the rounds of a single run with dense: with its own dense network and, if a control beside the
 * run trained that network on, with the result.
 *
 * @module
 */
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { CHECKPOINTS } from "../core/paths.ts";
import type { Summary } from "../results/summary.ts";
import type { RoundDifference, RunDifferences } from "../report/extras.ts";
import { readSummary } from "../results/read.ts";
import { COMPARE_DEFAULTS, compareRuns } from "./compare.ts";
import type { Comparison, Difference, LevelResult } from "./comparison.ts";
import { hasPredictions } from "./predictions.ts";
import { readRun } from "./run.ts";
import { continuedBeside } from "./siblings.ts";

/**
 * Differences of all pruned rounds, with the default draws and margins of a comparison.
 *
 * @param summary The summary, with only the scores that may be shown.
 * @returns null if there is no dense or no pruned round, if predictions of a round were not saved, or if two
 * rounds keep the same number of weights.
 * @throws {Failure} If predictions are damaged or contradict the summary.
 */
export function runDifferences(directory: string, summary: Summary): RunDifferences | null {
  const { rounds } = summary;
  const whole = rounds[0]?.round === 0 && rounds.length > 1 &&
    rounds.every(({ round }) => hasPredictions(directory, round));
  if (!whole) return null;
  const split = rounds.every(({ test }) => test !== null) ? "test" : "dev";
  const run = readRun(directory, { summary, split });
  const beside = continuedBeside(directory);
  const continued = beside === null
    ? null
    : readRun(beside, { summary: readSummary(beside), split });
  let comparison: Comparison;
  try {
    comparison = compareRuns([run, ...(continued ? [continued] : [])], {
      ...COMPARE_DEFAULTS,
      split,
    });
  } catch (error) {
    // For example, two rounds keep the same number of weights: the report then lacks the comparison.
    if (error instanceof UsageError) return null;
    throw error;
  }
  const method = comparison.methods.find((method) => !method.continued)!;
  const { levels, matching, secondMatching } = method;
  const roundOf = (level: number | null) => level === null ? null : levels[level]!.round;
  return {
    rounds: new Map(
      levels.slice(1).map((level) => [level.round, roundDifference(level, levels[0]!)]),
    ),
    margin: comparison.margin,
    secondMargin: comparison.secondMargin,
    matching: roundOf(matching.byInterval),
    secondMatching: roundOf(secondMatching.byInterval),
    stoppedAt: roundOf(matching.stoppedAt),
    draws: comparison.draws,
    continued: continued?.name ?? null,
    run: path.dirname(path.resolve(directory)) === CHECKPOINTS
      ? path.basename(directory)
      : directory,
  };
}

function roundDifference(
  { toDense, toEqual, cost, mean }: LevelResult,
  dense: LevelResult,
): RoundDifference {
  const limits = ({ difference, low, high, sentence }: Difference<string>) => ({
    ...{ difference, low, high, sentence },
  });
  const epochs = cost?.epochs ?? null;
  return {
    toDense: { ...limits(toDense!), score: dense.mean, epochs: dense.cost?.epochs ?? null },
    toEqual: toEqual && {
      ...limits(toEqual),
      score: mean - toEqual.difference,
      epochs: toEqual.epochs.dense,
    },
    epochs,
  };
}
