/**
 * Whether a signal can be an ECG at all, as far as its numbers show. All 7,674 recordings of
 * PhysioNet/CinC 2017, the noisy ones among them, are far inside these bounds: peak to peak 0.31 to
 * 13.9 mV, the middle at most 0.1 of it away from 0, no value longer than 0.3 s, at most 0.24 % of
 * samples at an extreme.
 *
 * @module
 */
import { millivoltsIn, UNITS_PER_MILLIVOLT } from "./units.ts";

/** Millivolts from the lowest to the highest sample. */
const PEAK_TO_PEAK = { least: 0.05, most: 50 };
/** The median may be so many times the peak to peak away from 0. */
const MOST_OFFSET = 10;
/** A value that lasts so long is a flat line: a heart beats in that time. */
const FLAT_SECONDS = 1;
const MOST_FLAT = 0.1;
/** Part of the samples at the highest or lowest value. */
const MOST_CLIPPED = 0.05;
const MOST_MISSING = 0.1;
/** Counts of a converter lie on one side of 0, their middle well inside their extent. */
const COUNTS_MIDDLE = 0.2;
const RAW_MILLIVOLTS = 1 / UNITS_PER_MILLIVOLT;

/**
 * What speaks against a signal, a clause each; empty if nothing does.
 *
 * @param signal Stored units (1000 per mV), gaps bridged [length].
 * @param options.missing Samples that were missing.
 * @param options.unit What the numbers were taken for.
 * @param options.assumed Whether nobody said so.
 */
export function doubtsAbout(
  signal: Float64Array,
  { rate, missing, unit, assumed }: {
    rate: number;
    missing: number;
    unit: string;
    assumed: boolean;
  },
): string[] {
  const { low, high } = extremesOf(signal);
  const extent = (high - low) / UNITS_PER_MILLIVOLT;
  const doubts: string[] = [];
  if (extent < PEAK_TO_PEAK.least || extent > PEAK_TO_PEAK.most) {
    const { least, most } = PEAK_TO_PEAK;
    doubts.push(
      `it spans ${short(extent)} mV from peak to peak, an ECG ${least} to ${most}: ` +
        unitAdvice(extent, unit),
    );
  }
  // Sorting takes longer than all the rest, and a signal that crosses 0 has no such offset.
  const median = low >= 0 || high <= 0 ? signal.toSorted()[signal.length >> 1]! : 0;
  if (Math.abs(median) > MOST_OFFSET * (high - low)) {
    const offset = short(median / UNITS_PER_MILLIVOLT);
    doubts.push(
      `its middle is ${offset} mV, ${
        Math.round(Math.abs(median) / (high - low))
      } times its peak to ` +
        "peak away from 0: --baseline says which number means 0",
    );
  }
  if (assumed && low >= 0 && median > COUNTS_MIDDLE * (high - low)) {
    doubts.push(
      "its numbers never fall below 0, as a converter's counts do: --gain says how many make a mV, " +
        "--baseline which one is 0",
    );
  }
  const flat = flatShare(signal, Math.ceil(FLAT_SECONDS * rate));
  if (flat > MOST_FLAT) {
    doubts.push(`${percent(flat)} of it is a flat line`);
  }
  const clipped = Math.max(shareOf(signal, low), shareOf(signal, high));
  if (clipped > MOST_CLIPPED && flat <= MOST_FLAT) {
    doubts.push(`${percent(clipped)} of its samples are clipped at one value`);
  }
  const lost = missing / Math.max(1, signal.length);
  if (lost > MOST_MISSING) doubts.push(`${percent(lost)} of its samples were missing`);
  return doubts;
}

/**
 * The unit in which the same numbers would be an ECG, as advice.
 *
 * @param millivolts Their extent in the `unit` that was taken.
 */
export function unitAdvice(millivolts: number, unit: string): string {
  const numbers = millivolts / (millivoltsIn(unit) ?? RAW_MILLIVOLTS);
  const { least, most } = PEAK_TO_PEAK;
  const fits = (["V", "mV", "uV"] as const).find((each) => {
    const extent = numbers * millivoltsIn(each)!;
    return extent >= least && extent <= most;
  });
  if (fits === undefined) return "say what its numbers are with --units or --gain";
  return `if its numbers are ${fits}, say --units ${fits}`;
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
