/**
 * Mean and range of scores over runs that differ in their seed.
 *
 * @module
 */
import type { Scores, Summary } from "../results/summary.ts";
import type { Band, ReplicateData } from "./data.ts";

/**
 * Per round of `summary`, its own score and those of the same round of `others` with about as many weights
 * (within 1 %); null if there are no others.
 */
export function replicateData(summary: Summary, others: readonly Summary[]): ReplicateData | null {
  if (others.length === 0) return null;
  const rounds = summary.rounds.map((round) => {
    const same = [
      round,
      ...others.flatMap(({ rounds }) =>
        rounds.filter((other) =>
          other.round === round.round && Math.abs(other.kept - round.kept) <= 0.01 * round.kept
        )
      ),
    ];
    return { test: band(same.map(({ test }) => test)), dev: band(same.map(({ dev }) => dev)) };
  });
  return { names: [summary, ...others].map(({ name }) => name), rounds };
}

function band(scores: readonly (Scores | null)[]): Band | null {
  const values = scores.map((split) => split?.score)
    .filter((score): score is number => typeof score === "number" && Number.isFinite(score));
  if (values.length === 0) return null;
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    count: values.length,
  };
}
