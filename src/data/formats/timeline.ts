/**
 * Finds the sample rate from a column of times, and the missing samples between the times.
 *
 * @module
 */
import { secondsIn } from "./units.ts";

/** Usual rates of an ECG. They decide between seconds and milliseconds if a column does not name its unit. */
const PLAUSIBLE = { least: 25, most: 10_000 };
const UNIT_NAMES = ["s", "ms", "us", "ns"];
/** Fraction of steps that must be equal, so that a gap can be distinguished from jitter. */
const REGULAR = 0.9;
const TOLERANCE = 0.3;
/** A rate this close to a whole number is rounded to it, because times are printed with few digits. */
const ROUND = 0.002;
/** Most missing samples in all gaps together; gaps need memory but no bytes in the file. */
const MOST_MISSING = 10_000_000;

/** The information in a column of times. */
export interface Timeline {
  /** Samples per second. */
  readonly rate: number;
  /** Unit of the column if it was inferred from the rate; null if the column names it. */
  readonly assumedUnit: string | null;
  /** Whether steps vary so much that gaps cannot be recognised. */
  readonly jitters: boolean;
  /** Missing samples before row `i` [rows]; null if there are none. */
  readonly missingBefore: Float64Array | null;
}

/**
 * Reads times as a timeline; null if they run backwards, are constant or give no rate of an ECG.
 *
 * @param times In `unit`s [rows].
 * @param unit null if the column does not say.
 */
export function timelineOf(times: Float64Array, unit: string | null): Timeline | null {
  const count = times.length;
  if (count < 3 || !times.every(Number.isFinite)) return null;
  const steps = new Float64Array(count - 1);
  for (let i = 1; i < count; i++) {
    steps[i - 1] = times[i]! - times[i - 1]!;
    if (steps[i - 1]! < 0) return null;
  }
  const sorted = steps.toSorted();
  const median = sorted[sorted.length >> 1]!;
  const grain = grainOf(sorted, median);
  const isRegular = (step: number) => Math.abs(step - median) <= TOLERANCE * median + grain;
  const regular = steps.filter(isRegular);
  const isSteady = median > 0 && regular.length >= REGULAR * steps.length;
  const step = isSteady
    ? regular.reduce((sum, each) => sum + each, 0) / regular.length
    : meanStep(times);
  if (!(step > 0)) return null;
  const scale = unit === null ? scaleFor(step) : { seconds: secondsIn(unit), name: null };
  if (scale === null || scale.seconds === null) return null;
  const missing = isSteady ? missingBefore(steps, { step, grain }) : null;
  if (missing === undefined) return null;
  return {
    rate: nearWhole(1 / (step * scale.seconds)),
    assumedUnit: scale.name,
    jitters: !isSteady,
    missingBefore: missing,
  };
}

/** The smallest difference between two steps without a gap; times are printed in multiples of it. */
function grainOf(sorted: Float64Array, median: number): number {
  let grain = Infinity;
  for (let i = 1; i < sorted.length && sorted[i]! <= 1.5 * median; i++) {
    const difference = sorted[i]! - sorted[i - 1]!;
    if (difference > 1e-6 * sorted[i]! && difference < grain) grain = difference;
  }
  return Number.isFinite(grain) ? grain : 0;
}

/** The mean step if packets have one time for many samples: from the first row of the first time to that of the last. */
function meanStep(times: Float64Array): number {
  const end = times.at(-1)!;
  const last = times.indexOf(end);
  return last > 0 ? (end - times[0]!) / last : 0;
}

function scaleFor(step: number): { seconds: number; name: string } | null {
  for (const name of UNIT_NAMES) {
    const seconds = secondsIn(name)!;
    const rate = 1 / (step * seconds);
    if (rate >= PLAUSIBLE.least && rate <= PLAUSIBLE.most) return { seconds, name };
  }
  return null;
}

/** The missing samples before each row; undefined if there are more than a record can have. */
function missingBefore(
  steps: Float64Array,
  { step, grain }: { step: number; grain: number },
): Float64Array | null | undefined {
  const missing = new Float64Array(steps.length + 1);
  let total = 0;
  steps.forEach((each, i) => {
    if (each <= 1.5 * step + grain) return;
    missing[i + 1] = Math.round(each / step) - 1;
    total += missing[i + 1]!;
  });
  if (total > MOST_MISSING) return undefined;
  return total > 0 ? missing : null;
}

function nearWhole(rate: number): number {
  const whole = Math.round(rate);
  return Math.abs(rate - whole) <= ROUND * rate && whole > 0 ? whole : Number(rate.toPrecision(6));
}

const DATE_TIME =
  /^\[?(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ]+(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)/;
const TIME = /(?:^|\D)(?:(\d{1,3}):)?(\d{1,2}):(\d{2}(?:[.,]\d+)?)\s*([ap]m)?/i;
const HALF_DAY = 43_200;

/** Converts dates and times, or times of day that may pass midnight, to seconds from an arbitrary start. */
export function secondsOfMoments(cells: readonly string[]): Float64Array {
  let day = 0;
  let before = -Infinity;
  return Float64Array.from(cells, (cell) => {
    const whole = DATE_TIME.exec(cell);
    if (whole) {
      const [, year, month, date, hour, minute, second] = whole;
      return Date.UTC(Number(year), Number(month) - 1, Number(date), Number(hour), Number(minute)) /
          1000 + decimal(second!);
    }
    const time = TIME.exec(cell);
    if (!time) return NaN;
    const [, hours = "0", minutes, seconds, half] = time;
    const hour = half ? Number(hours) % 12 + (/p/i.test(half) ? 12 : 0) : Number(hours);
    const of = hour * 3600 + Number(minutes) * 60 + decimal(seconds!);
    if (of + day < before - HALF_DAY) day += 2 * HALF_DAY;
    before = of + day;
    return before;
  });
}

function decimal(text: string): number {
  return Number(text.replace(",", "."));
}
