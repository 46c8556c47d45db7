/**
 * Compares the rounds of one run with dense: with its own dense network and, if a control beside the run trained
 * that network on, with the result. A single training is compared with the dense network of a run beside it.
 *
 * @module
 */
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { runWord } from "../core/paths.ts";
import { isSingleTraining } from "../config/modes.ts";
import type { Summary } from "../results/summary.ts";
import type { RoundDifference, RunDifferences } from "../report/extras.ts";
import { readSummary } from "../results/read.ts";
import { COMPARE_DEFAULTS, compareRuns } from "./compare.ts";
import type { Comparison, Difference, LaterLevel, LevelResult, LevelScores } from "./comparison.ts";
import { hasPredictions } from "./predictions.ts";
import { readRun } from "./run.ts";
import { continuedBeside, denseBeside } from "./siblings.ts";

/**
 * Differences of all pruned rounds, with the default draws and margins of a comparison.
 *
 * @param summary The summary, with only the scores that may be shown.
 * @returns null if there is no dense network or no pruned round, if predictions of a round were not saved, or if two
 * rounds keep the same number of weights.
 * @throws {Failure} If predictions are damaged or contradict the summary.
 */
export function runDifferences(directory: string, summary: Summary): RunDifferences | null {
  const { rounds, control = null } = summary;
  if (control !== null || rounds.length === 0) return null;
  const beside = isSingleTraining(summary.mode) ? denseBeside(directory, summary) : null;
  const theirs = beside === null ? null : onlyDense(readSummary(beside));
  const all = [...rounds, ...theirs?.rounds ?? []];
  const whole = all.some(({ round }) => round === 0) && all.length > 1 &&
    rounds.every(({ round }) => hasPredictions(directory, round)) &&
    (beside === null || hasPredictions(beside, 0));
  if (!whole) return null;
  const split = all.every(({ test }) => test !== null) ? "test" : "dev";
  const read = (directory: string, summary: Summary) => readRun(directory, { summary, split });
  const run = read(directory, summary);
  const base = beside ?? directory;
  const trainedOn = continuedBeside(base);
  const continued = trainedOn === null ? null : read(trainedOn, readSummary(trainedOn));
  const dense = beside && theirs ? [read(beside, theirs)] : [];
  let comparison: Comparison;
  try {
    comparison = compareRuns([run, ...dense, ...(continued ? [continued] : [])], {
      ...COMPARE_DEFAULTS,
      split,
    });
  } catch (error) {
    // For example, two rounds keep the same number of weights: the report then lacks the comparison.
    if (error instanceof UsageError) return null;
    throw error;
  }
  const own = comparison.runs.find(({ name }) => name === run.name)!;
  const method = comparison.methods.find(({ name }) => name === own.method)!;
  const { levels, matching, secondMatching } = method;
  const roundOf = (level: number | null) => level === null ? null : levels[level]!.round;
  return {
    rounds: new Map(
      levels.flatMap((level) =>
        level.toDense === null ? [] : [[level.round, roundDifference(level, levels[0]!)]]
      ),
    ),
    margin: comparison.margin,
    secondMargin: comparison.secondMargin,
    matching: roundOf(matching.byInterval),
    secondMatching: roundOf(secondMatching.byInterval),
    stoppedAt: roundOf(matching.stoppedAt),
    draws: comparison.draws,
    continued: continued?.name ?? null,
    beside: beside && path.basename(beside),
    run: runWord(base),
  };
}

function onlyDense(summary: Summary): Summary {
  return { ...summary, rounds: summary.rounds.filter(({ round }) => round === 0) };
}

function roundDifference(
  { toDense, toEqual, cost, mean }: LevelScores & LaterLevel,
  dense: LevelResult,
): RoundDifference {
  const limits = ({ difference, low, high, sentence }: Difference<string>) => ({
    ...{ difference, low, high, sentence },
  });
  const epochs = cost?.epochs ?? null;
  return {
    toDense: { ...limits(toDense), score: dense.mean, epochs: dense.cost?.epochs ?? null },
    toEqual: toEqual && {
      ...limits(toEqual),
      score: mean - toEqual.difference,
      epochs: toEqual.epochs.dense,
    },
    epochs,
  };
}
