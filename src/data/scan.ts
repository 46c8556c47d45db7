/**
 * Reads every labelled recording of a folder, and collects everything that is wrong with any of them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import type { Understood } from "./formats/reading.ts";
import { type LabelRow, readLabels } from "./labels.ts";
import { BadRecord, type Problem } from "./problem.ts";
import { readRecording, type RecordingOptions } from "./recording.ts";
import { listSource } from "./source.ts";
import { CINC_CLASSES, isCinc } from "./revision.ts";

/** What to read and how. */
export interface ScanOptions extends RecordingOptions {
  /** The folder of recordings. */
  source: string;
  /** The label file. */
  labels: string;
  /** Take recordings that are no plausible ECG, too. */
  force?: boolean | undefined;
}

/** A recording that can be used. */
export interface ScannedRecord {
  id: string;
  label: string;
  file: string;
  /** Its first sample in {@linkcode Scan.samples}. */
  offset: number;
  /** Its samples. */
  length: number;
  /** SHA-256 of its samples as little-endian int16. */
  digest: string;
  /** How it was read. */
  understood: Understood;
  /** Samples of the source that were missing and are bridged, and stretches of them. */
  missing: number;
  gaps: number;
}

/** Everything found in a folder. */
export interface Scan {
  /** Usable records in the order of the label file. */
  records: ScannedRecord[];
  /** The samples of all records, one after the other [total]. */
  samples: Int16Array;
  /** Refused records in the order of the label file, then files without a label by name. */
  problems: Problem[];
  /** The label file as it is. */
  rows: LabelRow[];
}

/**
 * Reads the whole source once.
 *
 * @throws {UsageError} If the folder or the label file cannot be read, or CSV files differ in unit.
 */
export function scanSource(options: ScanOptions): Scan {
  const { files } = listSource(options.source, options.labels);
  const rows = readLabels(options.labels, (id) => files.has(id));
  const occurrences = new Map<string, number>();
  for (const { id } of rows) occurrences.set(id, (occurrences.get(id) ?? 0) + 1);
  const known = isCinc(rows) ? new Set(CINC_CLASSES) : undefined;

  const pieces: Int16Array[] = [];
  const records: ScannedRecord[] = [];
  const problems: Problem[] = [];
  let offset = 0;
  for (const { id, label } of rows) {
    try {
      const times = occurrences.get(id)!;
      if (times === 0) continue;
      if (times > 1) {
        occurrences.set(id, 0);
        throw new BadRecord("duplicate-id", `${times} lines of the label file have this id`);
      }
      checkLabel(label, known);
      const file = onlyFile(files.get(id), id);
      const { samples, doubts, understood, missing, gaps } = readRecording(file, options);
      if (doubts.length > 0 && !options.force) {
        throw new BadRecord("implausible", `${doubts.join("; ")}; --force takes it all the same`);
      }
      const { length } = samples;
      pieces.push(samples);
      const digest = digestOf(samples);
      records.push({ id, label, file, offset, length, digest, understood, missing, gaps });
      offset += length;
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error;
      problems.push({ id, reason: error.reason, detail: error.message });
    }
  }
  for (const [id, [file]] of files) {
    if (occurrences.has(id)) continue;
    problems.push({ id, reason: "no-label", detail: path.basename(file!) });
  }
  refuseMixedUnits(records);
  return { records, samples: joined(pieces, offset), problems, rows };
}

function joined(pieces: readonly Int16Array[], total: number): Int16Array {
  const samples = new Int16Array(total);
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return samples;
}

/** SHA-256 of samples as little-endian int16, in hexadecimal. */
export function digestOf(samples: Int16Array): string {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

function checkLabel(label: string, known: Set<string> | undefined): void {
  if (label === "") throw new BadRecord("unknown-label", "the label is empty");
  if (known && !known.has(label)) {
    throw new BadRecord(
      "unknown-label",
      `${JSON.stringify(label)}, expected one of ${[...known].join(" ")}`,
    );
  }
}

function onlyFile(found: string[] | undefined, id: string): string {
  if (!found) throw new BadRecord("missing", `no recording ${id}`);
  if (found.length > 1) {
    const names = found.map((file) => path.basename(file)).join(" and ");
    throw new BadRecord("duplicate-id", `both ${names} have this id`);
  }
  return found[0]!;
}

/** Text files without a unit are told by their numbers: all of a folder must be alike. */
function refuseMixedUnits(records: readonly ScannedRecord[]): void {
  const assumed = records.filter(({ understood: { format, unitFrom } }) =>
    format === "text" && unitFrom === "assumed"
  );
  const raw = assumed.filter(({ understood }) => understood.unit === "raw").length;
  const mV = assumed.length - raw;
  if (raw === 0 || mV === 0) return;
  throw new UsageError(
    `Cannot tell the unit of the text recordings: ${raw} hold whole numbers only and ${mV} do not. ` +
      `Say which they are with --units raw or --units mV`,
  );
}
