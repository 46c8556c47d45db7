/**
 * Batch assembly from recordings: normalise, flip, augment, pad with zeros.
 *
 * @module
 */
import type { Augmentation } from "../../../src/addon/native.ts";
import {
  type AugmentedRecord,
  augmentedRecord,
  mixedRecord,
  type Mixing,
  mixingOf,
} from "./augment.ts";
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
  readonly augment?: Augmentation | undefined;
}

/** A batch. */
export interface Gathered {
  readonly x: Summed<Signals>;
  /** [N], 0 for an empty slot. */
  readonly labels: Int32Array;
  /** [N], of the records that these are mixed with. */
  readonly secondLabels: Int32Array;
  /** [N], of the first label; 1 without mixup. */
  readonly shares: Float64Array;
}

/** x[n, 0, l] = sign * (sample - mean) / std or what augmentation makes of it. */
export function gather(data: Recordings, options: GatherOptions): Gathered {
  const { length, augment } = options;
  const records = Array.from(options.records);
  const key = randomKey({ seed: options.seed, stream: options.stream, layer: 0 });
  const single = records.map((record, slot) => {
    if (record < 0) return { values: new Float64Array(), terms: new Float64Array() };
    const begin = data.offsets[record]!;
    const samples = data.samples.subarray(begin, begin + data.lengths[record]!);
    const negate = options.flip && randomBits(key, slot) % 2 === 1;
    const own = { ...options, samples, negate, slot };
    return augment ? augmentedRecord(augment, own) : plainRecord(own);
  });
  const mixings = records.map((record, slot): Mixing => {
    const mixing = mixingOf(augment?.mixup ?? 0, records.length, { ...options, slot });
    return record < 0 || records[mixing.partner]! < 0 ? { partner: slot, share: 1 } : mixing;
  });
  const made = mixings.map((mixing, n) =>
    mixedRecord(mixing, { own: single[n]!, partner: single[mixing.partner]! })
  );
  const lengths = Int32Array.from(made, ({ values }) => values.length);
  const x = zeros({ channels: 1, length, lengths });
  const terms = new Float64Array(x.values.length);
  made.forEach((record, n) => {
    x.values.set(record.values, n * length);
    terms.set(record.terms, n * length);
  });
  const labels = Int32Array.from(records, (record) => record < 0 ? 0 : data.labels[record]!);
  return {
    x: { value: x, terms },
    labels,
    secondLabels: Int32Array.from(mixings, ({ partner }) => labels[partner]!),
    shares: Float64Array.from(mixings, ({ share }) => share),
  };
}

/** The record from its beginning, cut to the batch. */
function plainRecord(
  options: { samples: Int16Array; length: number; mean: number; std: number; negate: boolean },
): AugmentedRecord {
  const { length, mean, std, negate } = options;
  const samples = [...options.samples.subarray(0, length)];
  const sign = negate ? -1 : 1;
  return {
    values: Float64Array.from(samples, (sample) => sign * (sample - mean) / std),
    terms: Float64Array.from(samples, (sample) => (Math.abs(sample) + Math.abs(mean)) / std),
  };
}
