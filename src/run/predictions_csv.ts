/**
 * Writes `predictions.csv` of a round: its network's prediction for each record of dev and test.
 * compare/predictions.ts reads it.
 *
 * @module
 */
import { stringify } from "csv-stringify/sync";
import type { Prediction } from "../training/decision.ts";

/** A split's predictions, in the order of its records. */
export interface SplitPredictions {
  readonly split: string;
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  /** Class of each record. */
  readonly truths: ArrayLike<number>;
  readonly predictions: readonly Prediction[];
}

/** The columns, for the classes of a data set. */
export function predictionColumns(classes: readonly string[]): string[] {
  return [
    ...["split", "record", "label", "predicted", "steps"],
    ...classes.map((name) => `p_${name}`),
    ...classes.map((name) => `votes_${name}`),
  ];
}

/** With nine digits, means give the same decision as the sums they come from. */
const DIGITS = 9;

/**
 * The file's text. Each record has a line: true and decided class, number of steps, mean softmax of its
 * steps at temperature 1 by class, and number of steps that voted for each class.
 */
export function predictionsCsv(splits: readonly SplitPredictions[]): string {
  const rows = splits.flatMap(({ split, classes, ids, truths, predictions }) =>
    predictions.map(({ label, steps, probabilities, votes }, i) => [
      ...[split, ids[i]!, classes[truths[i]!]!, classes[label]!, steps],
      ...probabilities.map((p) => Number(p.toPrecision(DIGITS))),
      ...votes,
    ])
  );
  return stringify([predictionColumns(splits[0]?.classes ?? []), ...rows]);
}
