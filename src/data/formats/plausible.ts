/**
 * Checks from its numbers whether a signal can be an ECG. The 7,674 recordings of PhysioNet/CinC 2017 that
 * were examined, the noisy ones included, are far inside these bounds: peak to peak 0.31 to 13.9 mV, median
 * at most 0.1 of that away from 0, no value longer than 0.3 s, at most 0.24 % of samples at an extreme.
 *
 * @module
 */
import { counted } from "../../core/counted.ts";
import type { Finding, Remedy } from "../advice.ts";
import { millivoltsIn, UNITS_PER_MILLIVOLT } from "./units.ts";

/** Samples per second below which the waves of a beat are lost. */
const LEAST_RATE = 50;
/** Millivolts from the lowest to the highest sample. */
const PEAK_TO_PEAK = { least: 0.05, most: 50 };
/** Largest distance of the median from 0, in multiples of the peak-to-peak range. */
const MOST_OFFSET = 10;
/** A value that lasts this long is a flat line, because a heart beats in that time. */
const FLAT_SECONDS = 1;
const MOST_FLAT = 0.1;
/** Largest fraction of samples at the highest or lowest value. */
const MOST_CLIPPED = 0.05;
const MOST_MISSING = 0.1;
/** Counts of a converter are on one side of 0, with their middle well inside their range. */
const COUNTS_MIDDLE = 0.2;
const RAW_MILLIVOLTS = 1 / UNITS_PER_MILLIVOLT;

/**
 * Reasons to doubt a signal; empty if there are none.
 *
 * @param signal Stored units (1000 per mV), gaps bridged [length].
 * @param options.missing Number of missing samples.
 * @param options.unit The unit in which the numbers were read.
 * @param options.assumed Whether that unit was assumed.
 */
export function doubtsAbout(
  signal: Float64Array,
  { rate, missing, unit, assumed }: {
    rate: number;
    missing: number;
    unit: string;
    assumed: boolean;
  },
): Finding[] {
  const { low, high } = extremesOf(signal);
  const extent = (high - low) / UNITS_PER_MILLIVOLT;
  const doubts: Finding[] = [];
  if (rate < LEAST_RATE) {
    doubts.push({
      fact: `it has ${counted(rate, "sample")} per second, an ECG at least ${LEAST_RATE}`,
      remedy: { kind: "another-rate" },
    });
  }
  if (extent < PEAK_TO_PEAK.least || extent > PEAK_TO_PEAK.most) {
    const { least, most } = PEAK_TO_PEAK;
    doubts.push({
      fact: `it spans ${short(extent)} mV from peak to peak, an ECG ${least} to ${most}`,
      remedy: unitRemedy(extent, unit),
    });
  }
  // The median needs a sort, which is slow; a signal that crosses 0 has no such offset and skips it.
  const median = low >= 0 || high <= 0 ? signal.toSorted()[signal.length >> 1]! : 0;
  if (Math.abs(median) > MOST_OFFSET * (high - low)) {
    const offset = short(median / UNITS_PER_MILLIVOLT);
    const times = Math.round(Math.abs(median) / (high - low));
    doubts.push({
      fact: `its middle is ${offset} mV, ${times} times its peak to peak away from 0`,
      remedy: { kind: "baseline" },
    });
  }
  if (assumed && low >= 0 && median > COUNTS_MIDDLE * (high - low)) {
    doubts.push({
      fact: "its numbers are never below 0, like the counts of a converter",
      remedy: { kind: "gain-and-baseline" },
    });
  }
  const flat = flatShare(signal, Math.ceil(FLAT_SECONDS * rate));
  if (flat > MOST_FLAT) {
    doubts.push({ fact: `${percent(flat)} of it is a flat line` });
  }
  const clipped = Math.max(shareOf(signal, low), shareOf(signal, high));
  if (clipped > MOST_CLIPPED && flat <= MOST_FLAT) {
    doubts.push({ fact: `${percent(clipped)} of its samples are clipped at one value` });
  }
  const lost = missing / Math.max(1, signal.length);
  if (lost > MOST_MISSING) doubts.push({ fact: `${percent(lost)} of its samples were missing` });
  return doubts;
}

/**
 * What would help: the unit in which the same numbers would be an ECG.
 *
 * @param millivolts Their peak-to-peak range, read in `unit`.
 */
export function unitRemedy(millivolts: number, unit: string): Remedy {
  const numbers = millivolts / (millivoltsIn(unit) ?? RAW_MILLIVOLTS);
  const { least, most } = PEAK_TO_PEAK;
  const fits = (["V", "mV", "uV"] as const).find((each) => {
    const extent = numbers * millivoltsIn(each)!;
    return extent >= least && extent <= most;
  });
  return fits === undefined ? { kind: "unit-or-gain" } : { kind: "unit", unit: fits };
}

/** The lowest and the highest sample; 0 and 0 if there is none. */
export function extremesOf(signal: Float64Array): { low: number; high: number } {
  let [low, high] = signal.length === 0 ? [0, 0] : [Infinity, -Infinity];
  for (let i = 0; i < signal.length; i++) {
    const value = signal[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

function flatShare(signal: Float64Array, least: number): number {
  let [flat, run] = [0, 1];
  for (let i = 1; i <= signal.length; i++) {
    if (i < signal.length && signal[i] === signal[i - 1]) run++;
    else {
      if (run >= least) flat += run;
      run = 1;
    }
  }
  return flat / Math.max(1, signal.length);
}

function shareOf(signal: Float64Array, value: number): number {
  let count = 0;
  for (let i = 0; i < signal.length; i++) if (signal[i] === value) count++;
  return count / Math.max(1, signal.length);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
