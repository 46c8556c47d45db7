/**
 * Manifests in the format of awni/ecg: JSON lines, one recording per line.
 *
 * @module
 */
import * as path from "node:path";
import { HOP } from "./format.ts";

/** A record of a manifest. */
export interface ManifestRecord {
  /** The recording's file. */
  file: string;
  label: string;
  /** Number of samples at the data set's rate. */
  length: number;
  /** Start of the record in the file, in samples at 300 Hz; absent if it is the whole file. */
  start?: number;
}

/**
 * The text of a manifest in `directory`: `{"ecg": path relative to it, "labels": [the class, once per
 * whole 256 samples]}` on each line, with `"start": sample` for a record that is a part of its file.
 */
export function manifestText(directory: string, records: readonly ManifestRecord[]): string {
  const root = path.resolve(directory);
  return records.map(({ file, label, length, start }) => {
    const ecg = path.relative(root, path.resolve(file)).split(path.sep).join("/");
    const labels = new Array<string>(Math.floor(length / HOP)).fill(label);
    return JSON.stringify(start === undefined ? { ecg, labels } : { ecg, start, labels }) + "\n";
  }).join("");
}
