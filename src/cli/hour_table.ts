/**
 * Terminal tables of long recordings, one line per hour.
 *
 * @module
 */
import type { LongRecord } from "../predict/long_record.ts";
import { burdenNotice, hourCells } from "../predict/notices.ts";
import { percent, table } from "./format.ts";

/** A recording that may be long. */
type MaybeLong = Partial<LongRecord> & { readonly record: string };

/** For each long recording, a table of its hours and its AF burden; "" if no recording is long. */
export function hourTables(
  records: readonly MaybeLong[],
  { classes }: { classes: readonly string[] },
): string {
  return records.map(({ record, hours, ...long }) => {
    if (hours === undefined) return "";
    const rows = hours.map((hour) => [
      ...hourCells(hour),
      ...classes.map((name) => percent(hour.shares[name]!)),
    ]);
    const notice = burdenNotice(long, percent);
    const burden = notice === null ? "" : `\n${notice}`;
    return `\n\n${record}, hour by hour:\n` +
      table([["from", "minutes", "label", ...classes], ...rows]) + burden;
  }).join("");
}
