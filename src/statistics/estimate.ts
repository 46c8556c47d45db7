/**
 * A difference of scores with its uncertainty.
 *
 * @module
 */
import { percentileLimits } from "./interval.ts";
import { studentQuantile, studentTwoSided } from "./student.ts";

/** The sources of variation that the uncertainty includes. */
export type Source = "records" | "seeds and records" | "folds";

/** A difference and its 95 % interval. */
export interface Estimate {
  difference: number;
  low: number;
  high: number;
  /** The sources of variation that the interval includes. */
  source: Source;
  standardError: number;
  /** Degrees of freedom of Student's t; null for the normal distribution or an interval of percentiles. */
  degreesOfFreedom: number | null;
  /** Two-sided p value of "no difference". */
  p: number;
}

/** The probability outside an interval. */
export const ALPHA = 0.05;

/** difference ± t * standardError. */
export function studentEstimate(
  difference: number,
  { standardError, degreesOfFreedom, source }: {
    standardError: number;
    /** Infinity for the normal distribution. */
    degreesOfFreedom: number;
    source: Source;
  },
): Estimate {
  const half = standardError === 0
    ? 0
    : studentQuantile(1 - ALPHA / 2, degreesOfFreedom) * standardError;
  return {
    difference,
    low: difference - half,
    high: difference + half,
    source,
    standardError,
    degreesOfFreedom: Number.isFinite(degreesOfFreedom) ? degreesOfFreedom : null,
    p: pValue(difference, { standardError, degreesOfFreedom }),
  };
}

/** The 2.5 % and 97.5 % quantiles of bootstrap draws of the records around the observed `difference`. */
export function percentileEstimate(difference: number, draws: Float64Array): Estimate {
  const standardError = Math.sqrt(variance(draws));
  return {
    difference,
    ...percentileLimits(draws, ALPHA),
    source: "records",
    standardError,
    degreesOfFreedom: null,
    p: pValue(difference, { standardError, degreesOfFreedom: Infinity }),
  };
}

/** Mean squared deviation from the mean of the draws. */
export function variance(draws: Float64Array): number {
  let sum = 0;
  for (const value of draws) sum += value;
  const centre = sum / draws.length;
  let squares = 0;
  for (const value of draws) squares += (value - centre) ** 2;
  return squares / draws.length;
}

function pValue(
  difference: number,
  { standardError, degreesOfFreedom }: { standardError: number; degreesOfFreedom: number },
): number {
  if (difference === 0) return 1;
  return standardError === 0 ? 0 : studentTwoSided(difference / standardError, degreesOfFreedom);
}
