/**
 * Manifests as awni/ecg has them: JSON lines, one recording each.
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
  /** Its samples at the data set's rate. */
  length: number;
}

/**
 * The text of a manifest in `directory`: `{"ecg": path relative to it, "labels": [the class, once per
 * whole 256 samples]}` on each line.
 */
export function manifestText(directory: string, records: readonly ManifestRecord[]): string {
  const root = path.resolve(directory);
  return records.map(({ file, label, length }) => {
    const ecg = path.relative(root, path.resolve(file)).split(path.sep).join("/");
    const labels = new Array<string>(Math.floor(length / HOP)).fill(label);
    return JSON.stringify({ ecg, labels }) + "\n";
  }).join("");
}
