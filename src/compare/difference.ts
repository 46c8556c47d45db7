/**
 * Differences between averaged scores on the same draws.
 *
 * @module
 */
import type { Difference } from "./comparison.ts";
import { type Estimate, estimate, minus, standardDeviation } from "./interval.ts";
import type { Scores } from "./scored.ts";

/** Puts an estimate into words. */
export interface Wording<Verdict> {
  verdict(estimate: Estimate, margin: number): Verdict;
  sentence(estimate: Estimate, margin: number): string;
  margin: number;
}

/** a minus b. Seeds are paired where both sides have the same ones. */
export function difference<Verdict>(
  a: Scores,
  b: Scores,
  wording: Wording<Verdict>,
): Difference<Verdict> {
  const paired = JSON.stringify(a.seeds) === JSON.stringify(b.seeds);
  return described({
    difference: a.mean - b.mean,
    draws: minus(a.draws, b.draws),
    perSeed: paired ? a.scores.map((score, i) => score - b.scores[i]!) : [],
  }, wording);
}

/** A difference given by its value, its draws and its values per seed. */
export function described<Verdict>(
  { difference, draws, perSeed }: { difference: number; draws: Float64Array; perSeed: number[] },
  { verdict, sentence, margin }: Wording<Verdict>,
): Difference<Verdict> {
  const found = estimate(difference, draws);
  return {
    ...found,
    verdict: verdict(found, margin),
    sentence: sentence(found, margin),
    perSeed,
    seedDeviation: standardDeviation(perSeed),
  };
}
