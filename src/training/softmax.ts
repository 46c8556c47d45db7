/**
 * Computes the softmax of one step of a record's logits.
 *
 * @module
 */

/** Where a step lies in logits [classes, rowLength], row major. */
export interface StepPlace {
  readonly rowLength: number;
  readonly step: number;
  /** The logits are divided by it (Guo et al. 2017, section 4.2). */
  readonly temperature: number;
}

/**
 * Writes softmax(logits / temperature) of one step into `out` [classes].
 *
 * @returns log sum exp(logits / temperature). A class's log probability is its scaled logit minus this.
 */
export function softmaxOfStep(
  logits: Float32Array,
  { rowLength, step, temperature }: StepPlace,
  out: Float64Array,
): number {
  const classes = out.length;
  let largest = -Infinity;
  for (let c = 0; c < classes; c++) {
    out[c] = logits[c * rowLength + step]! / temperature;
    if (out[c]! > largest) largest = out[c]!;
  }
  let total = 0;
  for (let c = 0; c < classes; c++) total += out[c] = Math.exp(out[c]! - largest);
  for (let c = 0; c < classes; c++) out[c]! /= total;
  return Math.log(total) + largest;
}
