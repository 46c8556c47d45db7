/**
 * Reads every listed recording of a source, and collects the problems of all recordings.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { inOptions } from "./advice.ts";
import { prepare, type Prepared } from "./formats/prepare.ts";
import type { Reading, Understood } from "./formats/reading.ts";
import type { LabelRow } from "./labels.ts";
import { BadRecord, countReasons, type Problem, REASONS } from "./problem.ts";
import { isProblem, type RecordList, type WantedRecord } from "./record_list.ts";
import { readReading, type RecordingOptions } from "./recording.ts";

/** How to read recordings. */
export interface ScanOptions extends RecordingOptions {
  /** Also take recordings that are not a plausible ECG. */
  force?: boolean | undefined;
}

/** A recording that can be used. */
export interface ScannedRecord {
  id: string;
  label: string;
  file: string;
  /** Its first sample in {@linkcode Scan.samples}. */
  offset: number;
  /** Number of its samples. */
  length: number;
  /** SHA-256 of its samples as little-endian int16. */
  digest: string;
  /** Its group, e.g. a patient; absent if no groups were asked for. */
  group?: string;
  /** The published fold that it is in; absent if there is none. */
  fold?: string;
  /** Start in its file, in samples of the data set; absent if it is the whole file. */
  start?: number;
  /** How it was read. */
  understood: Understood;
  /** Number of bridged samples of the source, and number of gaps. */
  missing: number;
  gaps: number;
}

/** The result of reading a source. */
export interface Scan {
  /** Usable records in the order of the list. */
  records: ScannedRecord[];
  /** The samples of all records, one after the other [total]. */
  samples: Int16Array;
  /** Refused records in the order of the list. */
  problems: Problem[];
  /** Unusable windows of long recordings. They are left out, because a recording has other windows. */
  droppedWindows: Problem[];
  /** The rows of the label file. */
  rows: LabelRow[];
  /** What had to be assumed or was not used, one sentence each. */
  notes: string[];
}

/**
 * Reads the whole source once.
 *
 * @throws {UsageError} If text files differ in unit.
 */
export function scanRecords(list: RecordList, options: ScanOptions): Scan {
  const read = new Reader(options);
  const parts: Int16Array[] = [];
  const records: ScannedRecord[] = [];
  const problems: Problem[] = [];
  const droppedWindows: Problem[] = [];
  /** Unreadable files, each reported once for all its windows. */
  const unreadable = new Set<string>();
  let offset = 0;
  for (const entry of list.entries) {
    if (isProblem(entry)) {
      problems.push(entry);
      continue;
    }
    const { id, label, file, group, fold, window } = entry;
    if (unreadable.has(file)) continue;
    try {
      const { samples, missing, gaps, understood } = read.record(entry);
      records.push({
        ...{ id, label, file, offset, length: samples.length, digest: digestOf(samples) },
        ...(group === undefined ? {} : { group }),
        ...(fold === undefined ? {} : { fold }),
        ...(window ? { start: Math.round(window.from * options.targetRate) } : {}),
        ...{ understood, missing, gaps },
      });
      parts.push(samples);
      offset += samples.length;
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error;
      const problem = { id, reason: error.reason, detail: detailOf(error) };
      if (window && read.isRead(file)) {
        droppedWindows.push(problem);
      } else {
        problems.push(window ? { ...problem, id: file } : problem);
        unreadable.add(file);
      }
    }
  }
  refuseMixedUnits(records);
  const notes = [...list.notes, ...droppedNote(droppedWindows)];
  const samples = joined(parts, offset);
  return { records, samples, problems, droppedWindows, rows: list.rows, notes };
}

/** Reads records. Consecutive records of one file read the file once. */
class Reader {
  private last: { file: string; reading: Reading } | undefined;

  constructor(private readonly options: ScanOptions) {}

  /** Whether the file could be read, even if a part of it is unusable. */
  isRead(file: string): boolean {
    return this.last?.file === file;
  }

  /** @throws {BadRecord} If the record cannot be used. */
  record({ file, window }: WantedRecord): Prepared & { understood: Understood } {
    const reading = this.reading(file);
    const part = window ? cut(reading, window) : reading;
    const prepared = prepare(part, this.options);
    if (prepared.doubts.length > 0 && !this.options.force) {
      throw new BadRecord("implausible", ...prepared.doubts);
    }
    return { ...prepared, understood: reading.understood };
  }

  private reading(file: string): Reading {
    if (this.last?.file === file) return this.last.reading;
    this.last = undefined; // Freed before the next file is read, so that only one is in memory.
    const reading = readReading(file, this.options);
    this.last = { file, reading };
    return reading;
  }
}

/** A problem as build-datasets tells it, which can take an implausible record. */
function detailOf(error: BadRecord): string {
  const detail = error.explain(inOptions);
  return error.reason === "implausible" ? `${detail}; --force takes it anyway` : detail;
}

/** @throws {BadRecord} If the recording ends before the window does. */
function cut(reading: Reading, { from, to }: { from: number; to: number }): Reading {
  const { signal, rate } = reading;
  const start = Math.round(from * rate);
  const end = start + Math.round((to - from) * rate);
  if (end <= signal.length) return { ...reading, signal: signal.slice(start, end) };
  throw new BadRecord(
    "truncated",
    `the recording has ${(signal.length / rate).toFixed(2)} s, and the window ends at ` +
      `${to.toFixed(2)} s`,
  );
}

function droppedNote(dropped: readonly Problem[]): string[] {
  if (dropped.length === 0) return [];
  const reasons = countReasons(dropped).map(([reason, count]) => `${count} ${REASONS[reason]}`);
  return [
    `${counted(dropped.length, "window", ["was", "were"])} left out (${
      reasons.join(", ")
    }), see dataset.json`,
  ];
}

/** The unit of text files without one is inferred from their numbers, so all of a source must agree. */
function refuseMixedUnits(records: readonly ScannedRecord[]): void {
  const assumed = records.filter(({ understood: { format, unitFrom } }) =>
    format === "text" && unitFrom === "assumed"
  );
  const raw = assumed.filter(({ understood }) => understood.unit === "raw").length;
  const mV = assumed.length - raw;
  if (raw === 0 || mV === 0) return;
  throw new UsageError(
    `Cannot tell the unit of the text recordings: ${raw} hold whole numbers only and ${mV} do not. ` +
      `Give the unit with --units raw or --units mV`,
  );
}

/** SHA-256 of samples as little-endian int16, in hexadecimal. */
export function digestOf(samples: Int16Array): string {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

/** Joins the parts. Each part is freed as soon as it is copied. */
function joined(parts: Int16Array[], length: number): Int16Array {
  const samples = new Int16Array(length);
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    samples.set(parts[i]!, at);
    at += parts[i]!.length;
    parts[i] = new Int16Array();
  }
  return samples;
}
