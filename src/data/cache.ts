/**
 * The packed cache: every recording of a data set in one safetensors file.
 *
 * @module
 */
import { safetensorsParts, type TensorFile } from "../core/safetensors.ts";

/** The contents of the cache. Records are in the order of the label file. */
export interface Cache {
  ids: string[];
  /** int16 samples of all records [total]. */
  samples: Int16Array;
  /** The first sample of each record, then the total [records + 1]. */
  offsets: Float64Array;
  /** Class codes [records]. */
  labels: Int32Array;
  /** 0 train, 1 dev, 2 test [records]. */
  split: Uint8Array;
  /** The data set's fingerprint. */
  sha256: string;
  /** The group of each record [records]; absent if none is known. */
  groups?: string[];
}

/** The cache as pieces of a file: the samples are not copied. */
export function cacheParts(cache: Cache): Uint8Array[] {
  const { ids, samples, offsets, labels, split, sha256, groups } = cache;
  return safetensorsParts({
    tensors: new Map([
      ["samples", { shape: [samples.length], data: samples }],
      ["offsets", { shape: [offsets.length], data: offsets }],
      ["labels", { shape: [labels.length], data: labels }],
      ["split", { shape: [split.length], data: split }],
    ]),
    metadata: {
      ids: JSON.stringify(ids),
      sha256,
      ...(groups ? { groups: JSON.stringify(groups) } : {}),
    },
  });
}

/** The cache in a decoded file; undefined if it does not hold one. */
export function cacheFrom({ tensors, metadata }: TensorFile): Cache | undefined {
  const [samples, offsets, labels, split] = ["samples", "offsets", "labels", "split"].map((name) =>
    tensors.get(name)?.data
  );
  const ids = textsFrom(metadata["ids"]);
  const groups = metadata["groups"] === undefined ? null : textsFrom(metadata["groups"]);
  const sha256 = metadata["sha256"];
  if (
    !(samples instanceof Int16Array) || !(offsets instanceof Float64Array) ||
    !(labels instanceof Int32Array) || !(split instanceof Uint8Array) || !ids || !sha256 ||
    groups === undefined
  ) return undefined;
  const n = ids.length;
  const consistent = offsets.length === n + 1 && labels.length === n && split.length === n &&
    (groups === null || groups.length === n) && offsets[0] === 0 && offsets[n] === samples.length &&
    offsets.every((offset, i) => Number.isInteger(offset) && !(offset < (offsets[i - 1] ?? 0)));
  if (!consistent) return undefined;
  return { ids, samples, offsets, labels, split, sha256, ...(groups ? { groups } : {}) };
}

function textsFrom(text: string | undefined): string[] | undefined {
  try {
    const texts: unknown = JSON.parse(text ?? "");
    if (Array.isArray(texts) && texts.every((each) => typeof each === "string")) return texts;
  } catch {
    // Not JSON: not a cache.
  }
  return undefined;
}
