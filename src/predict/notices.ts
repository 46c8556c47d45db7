/**
 * The sentences about a recording besides its label, as predict and the page print them. Nothing here uses Deno
 * or Node.js.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import type { HourOfRecord, LongRecord } from "./long_record.ts";

/** How many missing samples were bridged; null if none was missing. */
export function bridgedNotice(
  { missing, gaps }: { missing: number; gaps: number },
): string | null {
  if (missing === 0) return null;
  return `${counted(missing, "missing sample")} bridged (${counted(gaps, "gap")})`;
}

/** Reasons to doubt that `what` is an ECG, as a warning; null if there are none. */
export function doubtNotice(what: string, doubts: readonly string[]): string | null {
  return doubts.length === 0 ? null : `${what} may not be an ECG: ${doubts.join("; ")}`;
}

/** The share of AF in a long recording; null if it is not long or no class is AF. */
export function burdenNotice(
  { afBurden = null }: Partial<Pick<LongRecord, "afBurden">>,
  percent: (share: number) => string,
): string | null {
  return afBurden === null ? null : `AF burden: ${percent(afBurden)} of the time`;
}

/** An hour of a recording as the first cells of a table's row: when it begins, its minutes, its label. */
export function hourCells({ hour, seconds, label }: HourOfRecord): [string, string, string] {
  return [`${hour}:00`, (seconds / 60).toFixed(1), label];
}
