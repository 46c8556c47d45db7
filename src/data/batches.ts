/**
 * Forms batches from records of about equal length, so that a batch has little padding.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import { HOP } from "./format.ts";

/** Records that are processed together. */
export interface Batch {
  /** Indices into the split, -1 for an empty slot at the end [batchSize]. */
  records: Int32Array;
  /** Samples every record is padded to: the longest of them, rounded up to the length quantum. */
  length: number;
}

/** Options for forming batches. */
export interface BatchOptions {
  /** Slots per batch. */
  batchSize: number;
  /** For training: a random order that differs in each epoch of each round. null: sorted by length. */
  shuffle: { seed: number; epoch: number; round?: number } | null;
  /** Batch lengths in samples are multiples of this, so that fewer programs must be built. */
  lengthQuantum?: number;
}

/**
 * Divides records into batches, each record in exactly one.
 *
 * Records are sorted by length and cut into batches. For training, records of equal length are shuffled, and
 * then the batches; seed, round and epoch alone decide the order. The cut starts at a random position, so
 * that the batch that is not full has different records in each epoch.
 *
 * @param lengths Samples per record [records].
 * @throws {RangeError} If an option is not a positive whole number.
 */
export function planBatches(lengths: Int32Array, options: BatchOptions): Batch[] {
  const { batchSize, shuffle, lengthQuantum = HOP } = options;
  for (const [name, value] of Object.entries({ batchSize, lengthQuantum })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name} must be a whole number of at least 1, not ${value}`);
    }
  }
  const order = Int32Array.from(lengths, (_, i) => i);
  const rng = shuffle && createRng(shuffle.seed, "batches", ...streamOf(shuffle));
  rng?.shuffle(order);
  // Typed arrays sort stably: within a length, the shuffled order (or that of the split) stays.
  order.sort((a, b) => lengths[a]! - lengths[b]!);

  const batches: Batch[] = [];
  const short = order.length % batchSize;
  const full = Math.floor(order.length / batchSize);
  // The batch that is not full comes last, or in training at a random place.
  const shortAt = short === 0 ? -1 : rng ? rng.integer(full + 1) : full;
  for (let at = 0; at < order.length;) {
    const size = batches.length === shortAt ? short : batchSize;
    const records = new Int32Array(batchSize).fill(-1);
    records.set(order.subarray(at, at + size));
    at += size;
    const longest = lengths[order[at - 1]!]!;
    batches.push({ records, length: Math.ceil(longest / lengthQuantum) * lengthQuantum });
  }
  return rng ? rng.shuffle(batches) : batches;
}

/** The random stream of an epoch. The dense round has the stream that older versions had in every round. */
function streamOf({ epoch, round = 0 }: { epoch: number; round?: number }): number[] {
  return round === 0 ? [epoch] : [epoch, round];
}
