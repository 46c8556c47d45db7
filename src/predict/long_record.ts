/**
 * Summarises long recordings: the share of each label in every hour, and the share of AF in the whole
 * recording.
 *
 * @module
 */
import type { RecordPrediction } from "./judge.ts";

/** A recording of more seconds is long. */
const LONG = 600;
const HOUR = 3600;

/** The labels of an hour of a recording; the last hour is usually shorter. */
export interface HourOfRecord {
  /** From 0. */
  readonly hour: number;
  readonly seconds: number;
  /** The class of most of its steps; if several have as many, the first of them in the ticket. */
  readonly label: string;
  /** The share of the time with each label; the shares sum to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

/** Results for a long recording besides its label. */
export interface LongRecord {
  readonly hours: readonly HourOfRecord[];
  /** Share of the time that is labelled AF; null if no class is AF. */
  readonly afBurden: number | null;
}

/**
 * The hours of a recording; undefined if it is not longer than ten minutes.
 *
 * @param options.seconds Duration of one step. A step belongs to the hour in which it begins.
 */
export function longRecord(
  { steps }: Pick<RecordPrediction, "steps">,
  { seconds, classes }: { seconds: number; classes: readonly string[] },
): LongRecord | undefined {
  if (steps.length * seconds <= LONG) return undefined;
  const hours: HourOfRecord[] = [];
  for (let first = 0; first < steps.length;) {
    const hour = Math.floor(first * seconds / HOUR);
    let end = first;
    while (end < steps.length && Math.floor(end * seconds / HOUR) === hour) end++;
    const own = steps.slice(first, end);
    const shares = classes.map((name) => own.filter((step) => step === name).length / own.length);
    hours.push({
      hour,
      seconds: own.length * seconds,
      label: classes[shares.indexOf(Math.max(...shares))]!,
      shares: Object.fromEntries(classes.map((name, c) => [name, shares[c]!])),
    });
    first = end;
  }
  const af = classes.find(isAf);
  const afBurden = af === undefined
    ? null
    : steps.filter((step) => step === af).length / steps.length;
  return { hours, afBurden };
}

/** Whether a class is atrial fibrillation, by the names that data sets use. */
export function isAf(name: string): boolean {
  return /^(a|af|afib|atrial[ _-]?fib(rillation)?)$/i.test(name.trim());
}
