/**
 * Reads every listed recording of a source, and collects everything that is wrong with any of them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { UsageError } from "../core/errors.ts";
import { prepare, type Prepared } from "./formats/prepare.ts";
import type { Reading, Understood } from "./formats/reading.ts";
import type { LabelRow } from "./labels.ts";
import { BadRecord, countReasons, type Problem, REASONS } from "./problem.ts";
import { isProblem, type RecordList, type WantedRecord } from "./record_list.ts";
import { readReading, type RecordingOptions } from "./recording.ts";

/** How to read recordings. */
export interface ScanOptions extends RecordingOptions {
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
  /** What it belongs to, e.g. a patient; absent if that is not asked for. */
  group?: string;
  /** The published fold that it is in; absent if there is none. */
  fold?: string;
  /** Where it begins in its file, in samples of the data set; absent if it is all of it. */
  start?: number;
  /** How it was read. */
  understood: Understood;
  /** Samples of the source that were missing and are bridged, and stretches of them. */
  missing: number;
  gaps: number;
}

/** Everything found in a source. */
export interface Scan {
  /** Usable records in the order of the list. */
  records: ScannedRecord[];
  /** The samples of all records, one after the other [total]. */
  samples: Int16Array;
  /** Refused records in the order of the list. */
  problems: Problem[];
  /** Windows of long recordings that cannot be used: there are others. */
  droppedWindows: Problem[];
  /** The label file as it is. */
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
  /** Files that cannot be read are told of once, however many windows they have. */
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
      const problem = { id, reason: error.reason, detail: error.message };
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

/** Reads records; consecutive ones of one file read it once. */
class Reader {
  private last: { file: string; reading: Reading } | undefined;

  constructor(private readonly options: ScanOptions) {}

  /** Whether the file could be read, whatever is wrong with a part of it. */
  isRead(file: string): boolean {
    return this.last?.file === file;
  }

  /** @throws {BadRecord} If the record cannot be used. */
  record({ file, window }: WantedRecord): Prepared & { understood: Understood } {
    const reading = this.reading(file);
    const part = window ? cut(reading, window) : reading;
    const prepared = prepare(part, this.options);
    if (prepared.doubts.length > 0 && !this.options.force) {
      throw new BadRecord(
        "implausible",
        `${prepared.doubts.join("; ")}; --force takes it all the same`,
      );
    }
    return { ...prepared, understood: reading.understood };
  }

  private reading(file: string): Reading {
    if (this.last?.file === file) return this.last.reading;
    this.last = undefined; // Before the next is read: one is in memory at a time.
    const reading = readReading(file, this.options);
    this.last = { file, reading };
    return reading;
  }
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
  return [`${dropped.length} windows were left out (${reasons.join(", ")}), see dataset.json`];
}

/** Text files without a unit are told by their numbers: all of a source must be alike. */
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

/** SHA-256 of samples as little-endian int16, in hexadecimal. */
export function digestOf(samples: Int16Array): string {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

/** One after the other; each part is let go of as soon as it is copied. */
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
