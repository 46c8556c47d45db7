/**
 * The only definition of "matches dense", which run report, comparison, headline and glossary use.
 *
 * @module
 */

/** The primary margin: a pruned network with a smaller loss of the headline score matches dense. */
export const PRIMARY_MARGIN = 0.015;
/** A stricter margin, reported with the primary one. */
export const SECONDARY_MARGIN = 0.01;

/** Limits of the 95 % interval of pruned minus dense. */
interface Limits {
  low: number;
  high: number;
}

/** Whether a loss as large as the margin is excluded: the interval lies above -margin. */
export function matchesDense({ low }: Limits, margin: number): boolean {
  return low > -margin;
}

/** The result for a sequence of networks from dense to sparse. */
export interface Sequence {
  /** Position of the sparsest network that matches; null if the first does not. */
  matching: number | null;
  /** Position of the first that does not match; null if all do. */
  stoppedAt: number | null;
}

/**
 * Tests networks from dense to sparse, each at 95 %, and stops at the first that is not shown to match.
 * In such a fixed sequence the probability of any wrong "matches" stays below 2.5 % without a correction
 * (Maurer, Hothorn and Lehmacher 1995), because a wrong claim requires that the first network with a true loss
 * above the margin passes. Networks after the stop are not tested, whatever their interval.
 *
 * @param limits Limits, most weights first; null for a network without a difference, which also stops the tests.
 */
export function fixedSequence(limits: readonly (Limits | null)[], margin: number): Sequence {
  const stop = limits.findIndex((one) => one === null || !matchesDense(one, margin));
  const passed = stop < 0 ? limits.length : stop;
  return { matching: passed > 0 ? passed - 1 : null, stoppedAt: stop < 0 ? null : stop };
}
