/**
 * Names and numbers that all code for data sets shares.
 *
 * @module
 */

/** Samples per second of every stored recording. */
export const SAMPLE_RATE = 300;

/** Samples per label: the network gives one output for this many samples. */
export const HOP = 256;

/** The `format` of dataset.json. It changes when older caches can no longer be read. */
export const DATASET_FORMAT = "lth-ecg-dataset/1";

/** The sides of a split, in the order of their codes in the cache. */
export const SIDES = ["train", "dev", "test"] as const;
/** One side of a split. */
export type Side = (typeof SIDES)[number];

/** File names inside a data set's directory. */
export const FILES = {
  description: "dataset.json",
  cache: "dataset.safetensors",
  /** Present if the program built the directory automatically and can do so again. */
  stamp: "built-from.json",
  manifest: (side: Side): string => `${side}.json`,
} as const;

/** The number of samples that are used: the largest multiple of {@linkcode HOP} up to `length`. */
export function usedLength(length: number): number {
  return length - (length % HOP);
}
