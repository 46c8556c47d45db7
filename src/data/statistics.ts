/**
 * Mean and standard deviation of recordings.
 *
 * @module
 */

/** The range of a recording's used samples. */
export interface Extent {
  offset: number;
  /** Number of used samples: a multiple of the hop. */
  length: number;
}

/**
 * Mean and population standard deviation of the samples in `extents`, each sample counted once.
 * Two passes: the squares of int16 values over hours of recording would exceed 2^53.
 *
 * @param samples All recordings [total].
 */
export function statistics(
  samples: Int16Array,
  extents: readonly Extent[],
): { mean: number; std: number } {
  const count = extents.reduce((total, { length }) => total + length, 0);
  if (count === 0) throw new RangeError("Cannot compute the mean of 0 samples");
  let sum = 0;
  for (const { offset, length } of extents) {
    for (let i = offset; i < offset + length; i++) sum += samples[i]!;
  }
  const mean = sum / count;
  let squares = 0;
  for (const { offset, length } of extents) {
    let part = 0;
    for (let i = offset; i < offset + length; i++) {
      const deviation = samples[i]! - mean;
      part += deviation * deviation;
    }
    squares += part;
  }
  return { mean, std: Math.sqrt(squares / count) };
}
