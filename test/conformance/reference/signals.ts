/**
 * The activation of the float64 reference: records side by side, each with its own valid length.
 *
 * @module
 */

/** A batch of multi-channel signals [N, C, L], row major. Position l of record n counts only if
 * l < lengths[n]; every other value is exactly 0. */
export interface Signals {
  /** N */
  readonly records: number;
  /** C */
  readonly channels: number;
  /** L */
  readonly length: number;
  /** [N], each from 0 to L. */
  readonly lengths: Int32Array;
  /** [N, C, L] */
  readonly values: Float64Array;
}

/** A result together with the sum of the absolute values of the terms each element is the sum of:
 * rounding errors are proportional to that sum, whatever cancels. */
export interface Summed<T> {
  readonly value: T;
  /** As many elements as the value. */
  readonly terms: Float64Array;
}

/** Signals of zeros with the given extents. */
export function zeros(
  shape: { lengths: Int32Array; channels: number; length: number },
): Signals {
  const { lengths, channels, length } = shape;
  const records = lengths.length;
  return {
    records,
    channels,
    length,
    lengths,
    values: new Float64Array(records * channels * length),
  };
}

/** Signals from [N, C, L] numbers; those past a record's end become 0. */
export function signals(
  values: ArrayLike<number>,
  shape: { lengths: ArrayLike<number>; channels: number; length: number },
): Signals {
  const result = zeros({ ...shape, lengths: Int32Array.from(shape.lengths) });
  if (values.length !== result.values.length) {
    throw new RangeError(`Expected ${result.values.length} values, got ${values.length}`);
  }
  eachValid(result, (at) => result.values[at] = values[at]!);
  return result;
}

/** Calls `visit` with the flat index, record, channel and position of every valid element. */
export function eachValid(
  x: Signals,
  visit: (at: number, record: number, channel: number, position: number) => void,
): void {
  for (let n = 0; n < x.records; n++) {
    for (let c = 0; c < x.channels; c++) {
      const row = (n * x.channels + c) * x.length;
      for (let l = 0; l < x.lengths[n]!; l++) visit(row + l, n, c, l);
    }
  }
}

/** ceil(length / stride): how many positions an op of that stride leaves. */
export function stridedLength(length: number, stride: number): number {
  return Math.ceil(length / stride);
}

/** {@linkcode stridedLength} of every record. */
export function stridedLengths(lengths: Int32Array, stride: number): Int32Array {
  return lengths.map((length) => stridedLength(length, stride));
}
