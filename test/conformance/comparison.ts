/**
 * Comparison of a backend's floats with the float64 reference.
 *
 * Rounding to float32 changes a number by at most its 2^-24th part, so the error of a sum is
 * measured in units of 2^-24 times the sum of the absolute values of its terms: cancellation makes
 * a small result of large terms, but not a small error.
 *
 * @module
 */

import type { Signals, Summed } from "./reference/signals.ts";

/** Relative error of one rounding to float32. */
export const ROUNDING = 2 ** -24;

/** Below this, float32 has fewer digits or none: such small products may be off by this much. */
const SMALLEST_NORMAL = 2 ** -126;

/** An array that a backend computed, with its reference. */
export interface Comparison {
  /** E.g. "dweight". */
  readonly quantity: string;
  readonly got: ArrayLike<number>;
  readonly want: ArrayLike<number>;
  /** Sums of the absolute values of the terms; without them the numbers must be equal. */
  readonly terms?: ArrayLike<number>;
  /** Allowed error in units of 2^-24 times `terms`. */
  readonly limit?: number;
}

/** The comparison of an array with a reference that knows its terms. */
export function within(
  limit: number,
  options: { quantity: string; got: ArrayLike<number>; want: Summed<Signals | Float64Array> },
): Comparison {
  const { quantity, got, want: { value, terms } } = options;
  const want = value instanceof Float64Array ? value : value.values;
  return { quantity, got, want, terms, limit };
}

/** The result of a comparison. */
export interface Verdict {
  readonly quantity: string;
  /** Largest error in units of 2^-24 times the terms; Infinity for NaN and for a wrong exact value. */
  readonly ratio: number;
  readonly limit: number;
  /** Elements compared. */
  readonly count: number;
  /** The error of the worst element, in words; null if the limit holds. */
  readonly failure: string | null;
}

/** Compares every element. */
export function compare(comparison: Comparison): Verdict {
  const { quantity, got, want, terms, limit = 0 } = comparison;
  const count = want.length;
  if (got.length !== count) {
    const failure = `${quantity} has ${got.length} elements, expected ${count}`;
    return { quantity, ratio: Infinity, limit, count, failure };
  }
  let ratio = 0, worst = -1;
  for (let i = 0; i < count; i++) {
    const r = errorRatio({ got: got[i]!, want: want[i]!, terms: terms ? terms[i]! : 0 });
    if (r > ratio) [ratio, worst] = [r, i];
  }
  const failure = ratio <= limit
    ? null
    : `${quantity}[${worst}] is ${got[worst]}, expected ${want[worst]}: ` +
      `off by ${ratio.toPrecision(3)} roundings of its terms, at most ${limit} are allowed`;
  return { quantity, ratio, limit, count, failure };
}

function errorRatio(element: { got: number; want: number; terms: number }): number {
  const { got, want, terms } = element;
  if (got === want) return 0;
  const underflow = terms > 0 ? SMALLEST_NORMAL : 0;
  const ratio = Math.max(0, Math.abs(got - want) - underflow) / (ROUNDING * terms);
  return Number.isNaN(ratio) ? Infinity : ratio;
}
