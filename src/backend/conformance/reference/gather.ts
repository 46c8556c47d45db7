/**
 * Batch assembly from recordings: normalise, flip, pad with zeros.
 *
 * @module
 */
import { randomBits, randomKey } from "./random.ts";
import { type Signals, type Summed, zeros } from "./signals.ts";

/** Recordings one after another, as `DatasetArrays` of the addon. */
export interface Recordings {
  readonly samples: Int16Array;
  readonly offsets: Float64Array;
  readonly lengths: Int32Array;
  readonly labels: Int32Array;
}

/** How to assemble a batch. */
export interface GatherOptions {
  /** [N], -1 for an empty slot. */
  readonly records: ArrayLike<number>;
  /** L; longer recordings are cut. */
  readonly length: number;
  readonly mean: number;
  readonly std: number;
  /** Draw a sign for each slot from bit 0 of its random bits. */
  readonly flip: boolean;
  readonly seed: bigint;
  readonly stream: number;
}

/** x[n, 0, l] = sign * (sample - mean) / std, and the labels [N] (0 for an empty slot). */
export function gather(
  data: Recordings,
  options: GatherOptions,
): { x: Summed<Signals>; labels: Int32Array } {
  const { length, mean, std } = options;
  const records = Array.from(options.records);
  const key = randomKey({ seed: options.seed, stream: options.stream, layer: 0 });
  const lengths = Int32Array.from(
    records,
    (record) => record < 0 ? 0 : Math.min(data.lengths[record]!, length),
  );
  const x = zeros({ channels: 1, length, lengths });
  const terms = new Float64Array(x.values.length);
  records.forEach((record, n) => {
    const sign = options.flip && randomBits(key, n) % 2 === 1 ? -1 : 1;
    for (let l = 0; l < lengths[n]!; l++) {
      const sample = data.samples[data.offsets[record]! + l]!;
      x.values[n * length + l] = sign * (sample - mean) / std;
      terms[n * length + l] = (Math.abs(sample) + Math.abs(mean)) / std;
    }
  });
  const labels = Int32Array.from(records, (record) => record < 0 ? 0 : data.labels[record]!);
  return { x: { value: x, terms }, labels };
}
