/**
 * What "matches dense" means, here and nowhere else: run report, comparison, headline and glossary use it.
 *
 * @module
 */

/** A loss of the headline score below which a pruned network still matches dense. */
export const PRIMARY_MARGIN = 0.015;
/** A stricter margin, said beside the primary one. */
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

/** How far a sequence of networks, dense to sparse, matches dense. */
export interface Sequence {
  /** Position of the sparsest network that matches; null if the first does not. */
  matching: number | null;
  /** Position of the first that does not match; null if all do. */
  stoppedAt: number | null;
}

/**
 * Tests networks from dense to sparse, each at 95 %, and stops at the first that is not shown to match.
 * In such a fixed sequence the chance that any network is wrongly said to match stays below 2.5 %,
 * without a correction (Maurer, Hothorn and Lehmacher 1995): a wrong claim needs the first network that
 * truly loses more than the margin to pass. What comes after the stop is not tested, whatever its interval.
 *
 * @param limits Most weights first; null where a network has no difference to test, which stops too.
 */
export function fixedSequence(limits: readonly (Limits | null)[], margin: number): Sequence {
  const stop = limits.findIndex((one) => one === null || !matchesDense(one, margin));
  const passed = stop < 0 ? limits.length : stop;
  return { matching: passed > 0 ? passed - 1 : null, stoppedAt: stop < 0 ? null : stop };
}
