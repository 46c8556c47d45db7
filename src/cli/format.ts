/**
 * Numbers as the terminal shows them.
 *
 * @module
 */

export { decimals } from "../core/decimals.ts";

/** A fraction as per cent, with enough digits for small ones. */
export function percent(fraction: number): string {
  const value = 100 * fraction;
  return `${
    value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toPrecision(2)
  } %`;
}

/** Lines with columns padded to equal width. The first row is the head; numbers are aligned right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows.map((row) => row.map((cell, c) => cell.padStart(widths[c]!)).join("  ")).join("\n");
}

/** "1 h 12 min", "4.2 min" or "12.3 s". */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${(seconds / 60).toFixed(1)} min`;
  const hours = Math.floor(seconds / 3600);
  return `${hours} h ${Math.round((seconds - 3600 * hours) / 60)} min`;
}
