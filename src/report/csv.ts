/**
 * A table as CSV (RFC 4180): full precision, empty where there is no value.
 *
 * @module
 */
import type { Table } from "./tables.ts";

/**
 * The text of `table` with a header line and CRLF line ends. Text that a spreadsheet would take
 * for a formula gets a leading apostrophe.
 */
export function csvText(table: Table): string {
  const lines = [table.columns.map((column) => column.label), ...table.rows];
  return lines.map((line) => line.map(csvCell).join(",") + "\r\n").join("");
}

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
