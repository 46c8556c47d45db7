/**
 * A built data set in memory, as training uses it.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { decodeSafetensors } from "../core/safetensors.ts";
import { type Cache, cacheFrom } from "./cache.ts";
import { type Description, readDescription } from "./description.ts";
import { fingerprint, sha256 } from "./fingerprint.ts";
import { FILES, HOP, type Side, SIDES, usedLength } from "./format.ts";
import { digestOf } from "./scan.ts";

/** The records of one side of a split. */
export interface Split {
  ids: string[];
  /** The first sample of each record in {@linkcode LoadedDataset.samples} [records]. */
  offsets: Float64Array;
  /** Samples used of each record: a multiple of the hop, at least one hop [records]. */
  lengths: Int32Array;
  /** Class codes: indices of {@linkcode LoadedDataset.classes} [records]. */
  labels: Int32Array;
  /** Group of each record, e.g. its patient [records]; absent if groups are not known. */
  groups?: string[];
}

/** A data set that has been read and checked. */
export interface LoadedDataset {
  directory: string;
  /** Class names in the order of their codes. */
  classes: string[];
  /** Samples per second. */
  sampleRate: number;
  /** Samples per label. */
  hop: typeof HOP;
  /** Mean of the training samples, in stored units. */
  mean: number;
  std: number;
  /** The fingerprint of the whole data set: ids, classes, sides and samples. */
  sha256: string;
  /** All recordings, one after the other, in full [total]. */
  samples: Int16Array;
  /** `dev` and `test` may be empty. */
  splits: Record<Side, Split>;
}

/**
 * Reads the data set in `directory`.
 *
 * @throws {UsageError} If there is none, or its files do not belong together or are damaged; the
 * message says what to run.
 */
export function loadDataset(directory: string): LoadedDataset {
  const description = readDescription(directory);
  checkManifests(directory, description);
  const cache = readCache(directory);
  const name = path.join(directory, FILES.cache);
  if (cache.sha256 !== description.sha256) {
    throw rebuild(directory, `${name} is not the cache that ${FILES.description} describes`);
  }
  const { classes, records } = description;
  if (cache.ids.length !== records || fingerprintOf(cache, classes) !== description.sha256) {
    throw rebuild(directory, `${name} is damaged: its contents do not match its SHA-256`);
  }
  const { sampleRate, mean, std } = description;
  const { samples } = cache;
  const splits = Object.fromEntries(
    SIDES.map((side, code) => [side, sideOf(cache, code)]),
  ) as Record<Side, Split>;
  return {
    directory,
    classes,
    sampleRate,
    hop: HOP,
    mean,
    std,
    sha256: description.sha256,
    samples,
    splits,
  };
}

/** Checks that the manifests, which people read and edit, still agree with the cache. */
function checkManifests(directory: string, { manifests }: Description): void {
  for (const side of SIDES) {
    const file = path.join(directory, FILES.manifest(side));
    const expected = manifests[FILES.manifest(side)];
    const exists = fs.existsSync(file);
    if (!exists && expected === undefined) continue;
    if (exists && expected !== undefined && sha256(fs.readFileSync(file)) === expected) continue;
    const what = !exists ? "is missing" : expected ? "was changed" : "is left from another build";
    throw rebuild(
      directory,
      `${file} ${what}: the files in ${directory} no longer belong together`,
    );
  }
}

function readCache(directory: string): Cache {
  const file = path.join(directory, FILES.cache);
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw rebuild(
      directory,
      `Cannot read ${file} (${whyUnreadable(error)})`,
    );
  }
  let cache: Cache | undefined;
  try {
    cache = cacheFrom(decodeSafetensors(bytes, file));
  } catch (error) {
    if (error instanceof UsageError) throw rebuild(directory, error.message);
    throw error;
  }
  if (!cache) throw rebuild(directory, `${file} does not hold a data set`);
  return cache;
}

function fingerprintOf(cache: Cache, classes: readonly string[]): string {
  return fingerprint(cache.ids.map((id, i) => ({
    id,
    label: classes[cache.labels[i]!] ?? "",
    side: SIDES[cache.split[i]!] ?? "",
    digest: digestOf(cache.samples.subarray(cache.offsets[i]!, cache.offsets[i + 1]!)),
    ...(cache.groups ? { group: cache.groups[i]! } : {}),
  })));
}

function sideOf({ ids, offsets, labels, split, groups }: Cache, code: number): Split {
  const members = ids.flatMap((_, i) => (split[i] === code ? [i] : []));
  return {
    ids: members.map((i) => ids[i]!),
    offsets: Float64Array.from(members, (i) => offsets[i]!),
    lengths: Int32Array.from(members, (i) => usedLength(offsets[i + 1]! - offsets[i]!)),
    labels: Int32Array.from(members, (i) => labels[i]!),
    ...(groups ? { groups: members.map((i) => groups[i]!) } : {}),
  };
}

function rebuild(directory: string, problem: string): UsageError {
  const remedy = fs.existsSync(path.join(directory, FILES.stamp))
    ? `Delete the directory ${directory}: it is built again when it is needed`
    : `Make the data set again with deno task build-datasets`;
  return new UsageError(`${problem}. ${remedy}`);
}
