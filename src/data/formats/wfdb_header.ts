/**
 * WFDB headers as header(5) defines them (https://physionet.org/physiotools/wag/header-5.htm). Checksums
 * and block sizes are ignored; in PhysioNet/CinC 2017 checksums are always 0.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { decodeText } from "./text.ts";

/** One signal line. */
export interface WfdbSignal {
  /** The file with its samples, in the same folder as the header. */
  readonly file: string;
  /** Number of the format in signal(5). */
  readonly format: number;
  readonly samplesPerFrame: number;
  /** Frames by which its samples are late in the file. */
  readonly skew: number;
  /** Bytes before the first sample. */
  readonly offset: number;
  /** Numbers per unit; null for an uncalibrated signal (gain absent or 0). */
  readonly gain: number | null;
  readonly baseline: number;
  readonly unit: string;
  /** The first sample, for formats that store differences. */
  readonly initial: number;
  readonly description: string;
}

/** A part of a record of several segments. */
export interface WfdbSegment {
  /** Its record's name; null for a gap. */
  readonly name: string | null;
  /** Number of frames. */
  readonly length: number;
}

/** A header. */
export interface WfdbHeader {
  /** Frames per second; null if the header does not say. */
  readonly rate: number | null;
  /** Number of frames; null if the header does not say. */
  readonly length: number | null;
  readonly signals: readonly WfdbSignal[];
  /** The segments; empty for a record without segments. A record with segments has no signals of its own. */
  readonly segments: readonly WfdbSegment[];
}

/** The rate that header(5) assumes if a record line has none. */
export const DEFAULT_RATE = { rate: 250, why: "WFDB's default" };
const MOST_SIGNALS = 10_000;
const COUNT = /^\d{1,9}$/;

/** @throws {BadRecord} If it is not a valid header; the message says what was found. */
export function parseWfdbHeader(bytes: Uint8Array): WfdbHeader {
  const lines = decodeText(bytes).split(/\r\n|\n|\r/).map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [name = "", count = "", frequency, length] = (lines[0] ?? "").split(/\s+/);
  const segmentCount = /\/(\d{1,6})$/.exec(name)?.[1];
  if (name === "" || !COUNT.test(count) || Number(count) > MOST_SIGNALS) {
    throw bad("its first line is not that of a WFDB header");
  }
  const expected = Number(segmentCount ?? count);
  const body = lines.slice(1, 1 + expected);
  if (body.length < expected) {
    const what = segmentCount === undefined ? "signals" : "segments";
    throw new BadRecord("truncated", `its header lists ${body.length} of ${expected} ${what}`);
  }
  const whole = { rate: rateOf(frequency), length: lengthOf(length) };
  return segmentCount === undefined
    ? { ...whole, signals: body.map(signalOf), segments: [] }
    : { ...whole, signals: [], segments: body.map(segmentOf) };
}

/** `360`, `360/1000`, `360/1000(5)`: the rate, then that of a counter. */
function rateOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const rate = Number(text.split("/")[0]);
  if (!Number.isFinite(rate)) throw bad(`its rate is ${JSON.stringify(text.slice(0, 40))}`);
  return rate > 0 ? rate : null;
}

function lengthOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return null;
  return Number(text) === 0 ? null : Number(text);
}

function segmentOf(line: string): WfdbSegment {
  const [name = "", length = ""] = line.split(/\s+/);
  if (!/^\d{1,12}$/.test(length)) throw bad(`its segment ${JSON.stringify(line.slice(0, 40))}`);
  if (name !== "~") refuseElsewhere(name);
  return { name: name === "~" ? null : name, length: Number(length) };
}

const FORMAT = /^(\d{1,3})(?:x(\d{1,6}))?(?::(\d{1,9}))?(?:\+(\d{1,12}))?$/;
const GAIN = /^([-+]?[\d.]+(?:[eE][-+]?\d+)?)?(?:\(([-+]?\d+)\))?(?:\/(\S+))?$/;
const DEFAULT_UNIT = "mV";

function signalOf(line: string): WfdbSignal {
  const [file = "", format = "", gain = "", , zero, initial] = line.split(/\s+/);
  refuseElsewhere(file);
  const kind = FORMAT.exec(format);
  if (!kind) {
    throw bad(`the format of its signal ${file} is ${JSON.stringify(format.slice(0, 40))}`);
  }
  const scale = GAIN.exec(gain);
  const perUnit = Number(scale?.[1] ?? 0);
  if (!scale || !Number.isFinite(perUnit)) {
    throw bad(`the gain of its signal ${file} is ${JSON.stringify(gain.slice(0, 40))}`);
  }
  return {
    file,
    format: Number(kind[1]),
    samplesPerFrame: Math.max(1, Number(kind[2] ?? 1)),
    skew: Number(kind[3] ?? 0),
    offset: Number(kind[4] ?? 0),
    gain: perUnit === 0 ? null : perUnit,
    baseline: wholeOr(0, scale[2] ?? zero),
    unit: scale[3] ?? DEFAULT_UNIT,
    initial: wholeOr(0, initial),
    description: line.split(/\s+/).slice(8).join(" ").replace(/\s*#.*$/, ""),
  };
}

function wholeOr(otherwise: number, text: string | undefined): number {
  return text !== undefined && /^[-+]?\d{1,12}$/.test(text) ? Number(text) : otherwise;
}

/** Refuses a file in another folder, because a header could otherwise have any file read. */
function refuseElsewhere(name: string): void {
  if (name !== "" && !/[/\\\0]|^\.\.?$/.test(name)) return;
  throw bad(
    `its header names the data file ${JSON.stringify(name.slice(0, 80))}, ` +
      "expected a file beside the header",
  );
}

function bad(what: string): BadRecord {
  return new BadRecord("unreadable", what);
}
