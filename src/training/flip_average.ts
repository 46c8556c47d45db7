/**
 * Sign-flip averaging: a network evaluates a record and its negative, and the mean of both softmaxes is its
 * prediction. Swapped electrodes negate a record.
 *
 * @module
 */
import { softmaxOfStep } from "./softmax.ts";

/**
 * Logits whose softmax, at every step, is the mean of the softmaxes of `a` and `b`: the logarithm of that
 * mean. They can be used like any logits.
 *
 * @param a [rows of rowLength]: [classes, rowLength], or several of these one after another.
 * @param b The logits of the negated records.
 */
export function averagedLogits(
  a: Float32Array,
  b: Float32Array,
  { classes, rowLength }: { classes: number; rowLength: number },
): Float32Array {
  const averaged = new Float32Array(a.length);
  const softmax = new Float64Array(classes);
  for (let first = 0; first < a.length; first += classes * rowLength) {
    const both = [a, b].map((logits) => logits.subarray(first, first + classes * rowLength));
    for (let step = 0; step < rowLength; step++) {
      const place = { rowLength, step, temperature: 1 };
      const [sumA, sumB] = both.map((logits) => softmaxOfStep(logits, place, softmax));
      for (let c = 0; c < classes; c++) {
        const at = c * rowLength + step;
        const [logA, logB] = [both[0]![at]! - sumA!, both[1]![at]! - sumB!];
        // log((e^logA + e^logB) / 2) without underflow.
        averaged[first + at] = Math.max(logA, logB) +
          Math.log1p(Math.exp(-Math.abs(logA - logB))) - Math.LN2;
      }
    }
  }
  return averaged;
}
