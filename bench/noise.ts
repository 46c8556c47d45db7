/**
 * Makes a data set of noise: one batch of records of one length.
 *
 * @module
 */
import { createRng } from "../src/core/rng.ts";
import type { LoadedDataset, Split } from "../src/data/dataset.ts";

/** `records` training records of `length` samples each; dev and test are empty. */
export function noiseDataset(
  { records, length }: { records: number; length: number },
): LoadedDataset {
  const rng = createRng(1, "bench data");
  const split = (count: number): Split => ({
    ids: Array.from({ length: count }, (_, n) => String(n)),
    offsets: Float64Array.from({ length: count }, (_, n) => n * length),
    lengths: new Int32Array(count).fill(length),
    labels: Int32Array.from({ length: count }, (_, n) => n % 4),
  });
  const samples = new Int16Array(records * length);
  for (let i = 0; i < samples.length; i++) samples[i] = rng.integer(1801) - 900;
  return {
    directory: "noise",
    classes: ["A", "N", "O", "~"],
    sampleRate: 300,
    hop: 256,
    mean: 0,
    std: 520,
    sha256: "",
    samples,
    splits: { train: split(records), dev: split(0), test: split(0) },
  };
}
