/**
 * Single-lead WFDB records: a header `<name>.hea` and its samples in format 16 or 212, in a `.dat` file
 * or behind the header of a `.mat` file (https://physionet.org/physiotools/wag/header-5.htm,
 * signal-5.htm).
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { BadRecord } from "../data/problem.ts";
import { UNITS_PER_MILLIVOLT } from "../data/recording.ts";

/** One lead as a header describes it. */
export interface WfdbSignal {
  readonly rate: number;
  /** Data file, beside the header: one that names a file elsewhere is refused. */
  readonly file: string;
  readonly format: number;
  /** Bytes before the first sample. */
  readonly offset: number;
  /** Stored units per number, and the number that means 0 mV. */
  readonly unitsPerNumber: number;
  readonly baseline: number;
  /** Samples; undefined if the header does not say. */
  readonly length: number | undefined;
}

const DEFAULT_RATE = 250;
const DEFAULT_GAIN = 200;
/** Marks a missing sample. */
const INVALID: Readonly<Record<number, number>> = { 16: -32768, 212: -2048 };

/** Reads a header. @throws {BadRecord} If it is none, or of several leads. */
export function readWfdbHeader(file: string): WfdbSignal {
  let text: string;
  try {
    text = fs.readFileSync(file, "latin1");
  } catch (error) {
    throw new BadRecord("unreadable", (error as NodeJS.ErrnoException).code ?? String(error));
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [record, signals, rate, length] = (lines[0] ?? "").trim().split(/\s+/);
  if (record === undefined || !/^\d+$/.test(signals ?? "")) {
    throw new BadRecord("unreadable", "its first line is not that of a WFDB header");
  }
  if (signals !== "1") throw new BadRecord("not-one-column", `${signals} leads, expected one`);
  const [name, format, gain, , zero] = (lines[1] ?? "").trim().split(/\s+/);
  if (name !== undefined && /[/\\\0]|^\.\.?$/.test(name)) {
    throw new BadRecord(
      "unreadable",
      `its header names the data file ${JSON.stringify(name)}, expected a file beside the header`,
    );
  }
  const kind = /^(\d+)(?:x1)?(?:\+(\d+))?$/.exec(format ?? "");
  if (!name || !kind || !(Number(kind[1]) in INVALID)) {
    throw new BadRecord(
      "not-int16",
      `its samples have the WFDB format ${format}, expected 16 or 212`,
    );
  }
  const parsed = /^(-?[\d.eE+]+)?(?:\((-?\d+)\))?(?:\/(\S+))?$/.exec(gain ?? "");
  const unit = parsed?.[3] ?? "mV";
  const perMillivolt: Record<string, number> = { mV: 1, uV: 1e-3, V: 1e3 };
  if (!parsed || perMillivolt[unit] === undefined) {
    throw new BadRecord("not-int16", `its numbers are in ${gain}, expected a gain per mV`);
  }
  return {
    rate: Number.parseFloat(rate ?? "") || DEFAULT_RATE,
    file: path.join(path.dirname(file), name),
    format: Number(kind[1]),
    offset: Number(kind[2] ?? 0),
    unitsPerNumber: UNITS_PER_MILLIVOLT * perMillivolt[unit]! /
      (Number(parsed[1] ?? 0) || DEFAULT_GAIN),
    baseline: Number(parsed[2] ?? zero ?? 0),
    length: /^\d+$/.test(length ?? "") && length !== "0" ? Number(length) : undefined,
  };
}

/** The samples of a lead in stored units. @throws {BadRecord} If they are cut off or missing. */
export function readWfdbSamples(signal: WfdbSignal): Float64Array {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(signal.file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new BadRecord("unreadable", `${path.basename(signal.file)}: ${code}`);
  }
  const body = bytes.subarray(signal.offset);
  const numbers = signal.format === 16 ? words(body) : pairs(body);
  const { length = numbers.length, format } = signal;
  if (numbers.length < length) {
    throw new BadRecord("truncated", `${numbers.length} samples, but its header says ${length}`);
  }
  const samples = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    if (numbers[i] === INVALID[format]) {
      throw new BadRecord("not-a-number", `sample ${i} is marked as missing`);
    }
    samples[i] = (numbers[i]! - signal.baseline) * signal.unitsPerNumber;
  }
  return samples;
}

function words(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => view.getInt16(2 * i, true));
}

/** Format 212: two samples of 12 bits in three bytes. */
function pairs(bytes: Uint8Array): Int16Array {
  const numbers = new Int16Array(Math.floor(bytes.length / 3) * 2);
  for (let i = 0; i < numbers.length; i++) {
    const [low, middle, high] = bytes.subarray((i >> 1) * 3) as unknown as [number, number, number];
    const value = i % 2 === 0 ? low | (middle & 0x0f) << 8 : high | (middle & 0xf0) << 4;
    numbers[i] = value << 20 >> 20;
  }
  return numbers;
}
