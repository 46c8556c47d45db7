/**
 * Global magnitude selection, by sorting everything.
 *
 * @module
 */

/** One tensor of a selection. */
export interface Selectable {
  readonly value: ArrayLike<number>;
  /** 1 where the weight may survive. */
  readonly alive: Uint8Array;
}

/**
 * Masks with exactly `keep` ones among the alive, largest |value| first, ties to the lower (tensor,
 * flat index).
 *
 * @throws {RangeError} On NaN, or if `keep` exceeds the number alive.
 */
export function selectMagnitude(tensors: readonly Selectable[], keep: number): Uint8Array[] {
  const candidates = tensors.flatMap(({ value, alive }, tensor) =>
    Array.from(value, (v, index) => ({ tensor, index, magnitude: Math.abs(v) }))
      .filter(({ index }) => alive[index] === 1)
  );
  if (candidates.some(({ magnitude }) => Number.isNaN(magnitude))) {
    throw new RangeError("Cannot select by magnitude: a weight is NaN");
  }
  if (keep > candidates.length) {
    throw new RangeError(`Cannot keep ${keep} weights of ${candidates.length}`);
  }
  candidates.sort((a, b) => b.magnitude - a.magnitude || a.tensor - b.tensor || a.index - b.index);
  const masks = tensors.map(({ value }) => new Uint8Array(value.length));
  for (const { tensor, index } of candidates.slice(0, keep)) masks[tensor]![index] = 1;
  return masks;
}
