/**
 * Long recordings hour by hour, for the terminal.
 *
 * @module
 */
import type { LongRecord } from "../predict/long_record.ts";
import { percent, table } from "./format.ts";

/** A recording that may be long. */
type MaybeLong = Partial<LongRecord> & { readonly record: string };

/** A table of hours for each long recording, and its AF burden; empty if none is long. */
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
