/**
 * Comma-separated text as rows of cells. The only file that knows which parser does it.
 *
 * @module
 */
import { CsvError, parse } from "csv-parse/sync";
import { UsageError } from "../core/errors.ts";

/** A row with the number of the line on which it ends, from 1. */
export interface CsvRow {
  line: number;
  cells: string[];
}

/**
 * The rows of a CSV text: cells trimmed, blank lines left out, CRLF and a byte-order mark accepted.
 * Rows may differ in length; what a caller expects of them is its own to check.
 *
 * @param name What to call the text in an error.
 * @throws {UsageError} If quotes do not close.
 */
export function parseCsv(text: string, name: string): CsvRow[] {
  try {
    const rows = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows
      .filter(({ record }) => record.length > 1 || record[0] !== "")
      .map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    if (error instanceof CsvError) {
      throw new UsageError(`Cannot read ${name} as CSV: ${error.message}`);
    }
    throw error;
  }
}
