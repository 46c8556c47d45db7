/**
 * Recordings as text: one number per line, with or without a header line.
 *
 * @module
 */
import { messageOf } from "../core/errors.ts";
import { type CsvRow, parseCsv } from "./csv.ts";
import { BadRecord } from "./problem.ts";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What a one-column file holds. */
export interface SignalColumn {
  /** The numbers as written [length]. */
  values: Float64Array;
  /** Whether all of them are whole: `512` and `512.0` are, `0.512` is not. */
  integral: boolean;
}

/**
 * The numbers of a one-column CSV file.
 *
 * @throws {BadRecord} If it is empty, has several columns, a blank line between numbers, or a cell
 * that is not a finite decimal number.
 */
export function readSignalCsv(text: string): SignalColumn {
  const rows = rowsOf(text);
  const first = rows[0];
  if (!first) throw new BadRecord("empty", "no line has a number");
  const wide = rows.find(({ cells }) => cells.length !== 1);
  if (wide) {
    throw new BadRecord(
      "not-one-column",
      `line ${wide.line} has ${wide.cells.length} columns, expected one number per line`,
    );
  }
  const hasHeader = /^[\p{L}_"]/u.test(first.cells[0]!) && !/^(nan|inf)/i.test(first.cells[0]!);
  const numbers = hasHeader ? rows.slice(1) : rows;
  if (numbers.length === 0) throw new BadRecord("empty", "only a header line");
  const values = new Float64Array(numbers.length);
  let integral = true;
  for (const [i, { line, cells }] of numbers.entries()) {
    const cell = cells[0]!;
    if (line !== numbers[0]!.line + i) {
      throw new BadRecord("not-a-number", `a blank line ${line - 1}`);
    }
    const value = NUMBER.test(cell) ? Number(cell) : NaN;
    if (!Number.isFinite(value)) {
      throw new BadRecord("not-a-number", `line ${line} is ${JSON.stringify(cell.slice(0, 20))}`);
    }
    values[i] = value;
    integral &&= Number.isInteger(value);
  }
  return { values, integral };
}

function rowsOf(text: string): CsvRow[] {
  try {
    return parseCsv(text, "it");
  } catch (error) {
    throw new BadRecord("not-a-number", messageOf(error));
  }
}
