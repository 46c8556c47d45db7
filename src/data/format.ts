/**
 * The names and numbers that every part of the data side shares.
 *
 * @module
 */

/** Samples per second of every stored recording. */
export const SAMPLE_RATE = 300;

/** Samples per label: the network gives one output for so many samples. */
export const HOP = 256;

/** The `format` of dataset.json. It changes when a cache written before can no longer be read. */
export const DATASET_FORMAT = "lth-ecg-dataset/1";

/** The sides of a split, in the order of their codes in the cache. */
export const SIDES = ["train", "dev", "test"] as const;
/** One side of a split. */
export type Side = (typeof SIDES)[number];

/** File names inside a data set's directory. */
export const FILES = {
  description: "dataset.json",
  cache: "dataset.safetensors",
  /** Present when the program built the directory by itself and would do so again. */
  stamp: "built-from.json",
  manifest: (side: Side): string => `${side}.json`,
} as const;

/** The largest multiple of {@linkcode HOP} that is not above `length`: the samples that are used. */
export function usedLength(length: number): number {
  return length - (length % HOP);
}
