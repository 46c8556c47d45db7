/**
 * Reads every labelled recording of a folder, and collects everything that is wrong with any of them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { SAMPLE_RATE } from "./format.ts";
import { type LabelRow, readLabels } from "./labels.ts";
import { BadRecord, type Problem } from "./problem.ts";
import { readRecording, type Units } from "./recording.ts";
import { listSource } from "./source.ts";
import { CINC_CLASSES, isCinc } from "./revision.ts";
import { statedRate } from "./wfdb_header.ts";

/** What to read and how. */
export interface ScanOptions {
  /** The folder of recordings. */
  source: string;
  /** The label file. */
  labels: string;
  /** Samples per second of the recordings. */
  rate: number;
  /** What the numbers of CSV recordings are. */
  units: Units | "auto";
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
  const { files, bytes } = listSource(options.source, options.labels);
  const rows = readLabels(options.labels, (id) => files.has(id));
  const occurrences = new Map<string, number>();
  for (const { id } of rows) occurrences.set(id, (occurrences.get(id) ?? 0) + 1);
  const known = isCinc(rows) ? new Set(CINC_CLASSES) : undefined;

  // A sample takes at least two bytes in either format. Memory that is never touched is never used.
  const room = Math.ceil((bytes / 2) * (SAMPLE_RATE / options.rate)) + files.size;
  const samples = new Int16Array(room);
  const records: ScannedRecord[] = [];
  const problems: Problem[] = [];
  const units: Record<Units, number> = { raw: 0, mV: 0 };
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
      checkRate(file, options.rate);
      const recording = readRecording(file, options);
      if (recording.units) units[recording.units]++;
      const { length } = recording.samples;
      samples.set(recording.samples, offset);
      records.push({ id, label, file, offset, length, digest: digestOf(recording.samples) });
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
  refuseMixedUnits(units);
  return { records, samples: samples.subarray(0, offset), problems, rows };
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
  if (!found) throw new BadRecord("missing", `no ${id}.mat or ${id}.csv`);
  if (found.length > 1) {
    const names = found.map((file) => path.basename(file)).join(" and ");
    throw new BadRecord("duplicate-id", `both ${names} have this id`);
  }
  return found[0]!;
}

function checkRate(file: string, rate: number): void {
  const stated = statedRate(file.slice(0, -4) + ".hea");
  if (stated === undefined || Math.abs(stated - rate) < 0.001) return;
  throw new BadRecord(
    "other-rate",
    `its header says ${stated} Hz, not ${rate} Hz; give the recordings' rate with --rate`,
  );
}

function refuseMixedUnits({ raw, mV }: Record<Units, number>): void {
  if (raw === 0 || mV === 0) return;
  throw new UsageError(
    `Cannot tell the unit of the CSV recordings: ${raw} hold whole numbers only and ${mV} do not. ` +
      `Say which they are with --units raw or --units mV`,
  );
}
