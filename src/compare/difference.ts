/**
 * Differences between averaged scores on the same draws.
 *
 * @module
 */
import { crossedEstimate, negated, pairedUnits } from "../statistics/crossed.ts";
import type { Estimate } from "../statistics/estimate.ts";
import { foldEstimate } from "../statistics/folds.ts";
import { standardDeviation } from "../statistics/interval.ts";
import type { Difference } from "./comparison.ts";
import type { Scores } from "./scored.ts";

/** A difference before it is put into words. */
export type Found = Omit<Difference<never>, "verdict" | "sentence">;

/** Puts an estimate into words. */
export interface Wording<Verdict> {
  verdict(estimate: Estimate, margin: number): Verdict;
  sentence(estimate: Estimate, margin: number): string;
  margin: number;
}

/**
 * a minus b. The interval is over folds for one replicate from several folds, over seeds and records for
 * several replicates (paired if both sides have the same seeds), and over records for a single replicate.
 */
export function difference(a: Scores, b: Scores): Found {
  const paired = JSON.stringify(a.labels) === JSON.stringify(b.labels);
  const pairs = paired ? pairedUnits(a.units, b.units) : [];
  const crossed = crossedEstimate(paired ? [pairs] : [a.units, negated(b.units)], a.mean - b.mean);
  if (a.folds && b.folds && a.folds.scores.length === b.folds.scores.length) {
    const perFold = a.folds.scores.map((score, k) => score - b.folds!.scores[k]!);
    const { testPerTrain } = a.folds;
    // The folds of a replicate are pooled, so this one varies the records and not the networks.
    const { low, high } = crossed;
    return {
      ...foldEstimate(a.mean - b.mean, { perFold, testPerTrain }),
      perSeed: [],
      perFold,
      seedDeviation: standardDeviation(perFold),
      records: { low, high },
    };
  }
  const perSeed = pairs.map(({ value }) => value);
  return {
    ...crossed,
    perSeed,
    perFold: [],
    seedDeviation: standardDeviation(perSeed),
    corrected: null,
    records: null,
  };
}

/** A difference with its verdict. */
export function worded<Verdict>(
  found: Found,
  { verdict, sentence, margin }: Wording<Verdict>,
): Difference<Verdict> {
  return { ...found, verdict: verdict(found, margin), sentence: sentence(found, margin) };
}
