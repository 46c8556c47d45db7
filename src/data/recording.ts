/**
 * One recording from disk as int16 at 300 Hz.
 *
 * @module
 */
import * as fs from "node:fs";
import { HOP, SAMPLE_RATE, usedLength } from "./format.ts";
import { readMat4 } from "./mat4.ts";
import { BadRecord } from "./problem.ts";
import { resample } from "./resample.ts";
import { readSignalCsv } from "./signal_csv.ts";

/** What the numbers of a CSV recording are: `raw` is stored as it is, `mV` times 1000. */
export type Units = "raw" | "mV";

/** Stored units per millivolt, as in the recordings of PhysioNet/CinC 2017. */
export const UNITS_PER_MILLIVOLT = 1000;

/** How to read a recording. */
export interface RecordingOptions {
  /** Samples per second of the source. */
  rate: number;
  /** `auto`: raw when all numbers of a file are whole, else mV. */
  units: Units | "auto";
}

/** A recording as it is stored. */
export interface Recording {
  /** [length] at 300 Hz. */
  samples: Int16Array;
  /** What a CSV file's numbers were taken for; undefined for .mat, which is always raw. */
  units?: Units;
}

const INT16_MIN = -32768;
const INT16_MAX = 32767;

/**
 * Reads a `.mat` (version 4, int16) or one-column `.csv` recording.
 *
 * @throws {BadRecord} If it cannot be used for training, with the reason.
 */
export function readRecording(file: string, options: RecordingOptions): Recording {
  const bytes = readBytes(file);
  const recording = /\.csv$/i.test(file)
    ? fromColumn(bytes, options)
    : { samples: toSampleRate(readMat4(bytes), options.rate) };
  checkUsable(recording.samples);
  return recording;
}

function readBytes(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new BadRecord("unreadable", (error as NodeJS.ErrnoException).code ?? String(error));
  }
}

function fromColumn(bytes: Uint8Array, { rate, units }: RecordingOptions): Recording {
  if (bytes.length === 0) throw new BadRecord("empty", "0 bytes");
  const { values, integral } = readSignalCsv(new TextDecoder().decode(bytes));
  const taken = units === "auto" ? (integral ? "raw" : "mV") : units;
  const scale = taken === "mV" ? UNITS_PER_MILLIVOLT : 1;
  for (const value of values) {
    const stored = Math.round(value * scale);
    if (stored >= INT16_MIN && stored <= INT16_MAX) continue;
    throw new BadRecord(
      "out-of-range",
      taken === "mV"
        ? `${value} mV is more than the 32.767 mV that fit; is it another unit?`
        : `${value} does not fit 16 bits`,
    );
  }
  const scaled = scale === 1 ? values : values.map((value) => value * scale);
  return { samples: toSampleRate(scaled, rate), units: taken };
}

/** Stored units at `rate` Hz as int16 at 300 Hz. */
export function toSampleRate(samples: Int16Array | Float64Array, rate: number): Int16Array {
  if (rate === SAMPLE_RATE && samples instanceof Int16Array) return samples;
  const values = resample(samples, { from: rate, to: SAMPLE_RATE });
  // The filter may overshoot a step at the very end of the range: there it saturates.
  return Int16Array.from(
    values,
    (value) => Math.max(INT16_MIN, Math.min(INT16_MAX, Math.round(value))),
  );
}

/** @throws {BadRecord} If there is no whole step, or nothing but one value. */
export function checkUsable(samples: Int16Array): void {
  if (samples.length < HOP) {
    throw new BadRecord(
      "too-short",
      `${samples.length} samples at ${SAMPLE_RATE} Hz, at least ${HOP} are needed`,
    );
  }
  const used = samples.subarray(0, usedLength(samples.length));
  if (used.every((value) => value === used[0])) {
    throw new BadRecord("constant", `all ${used.length} samples are ${used[0]}`);
  }
}
