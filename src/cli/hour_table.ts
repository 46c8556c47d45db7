/**
 * Terminal tables of long recordings, one line per hour.
 *
 * @module
 */
import type { LongRecord } from "../predict/long_record.ts";
import { percent, table } from "./format.ts";

/** A recording that may be long. */
type MaybeLong = Partial<LongRecord> & { readonly record: string };

/** For each long recording, a table of its hours and its AF burden; "" if no recording is long. */
export function hourTables(
  records: readonly MaybeLong[],
  { classes }: { classes: readonly string[] },
): string {
  return records.map(({ record, hours, afBurden }) => {
    if (hours === undefined) return "";
    const rows = hours.map(({ hour, seconds, label, shares }) => [
      `${hour}:00`,
      (seconds / 60).toFixed(1),
      label,
      ...classes.map((name) => percent(shares[name]!)),
    ]);
    const burden = afBurden == null ? "" : `\nAF burden: ${percent(afBurden)} of the time`;
    return `\n\n${record}, hour by hour:\n` +
      table([["from", "minutes", "label", ...classes], ...rows]) + burden;
  }).join("");
}
