/**
 * Reads separated text as rows of cells. Only this file uses the parser's package.
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

/** A separator of cells. */
export type Separator = "," | ";" | "\t";

/**
 * The rows of a CSV text: cells trimmed, blank lines left out, CRLF and a byte-order mark accepted.
 * Rows may differ in length; callers check their length.
 *
 * @param name Name of the text in errors.
 * @param separator The separator of cells.
 * @throws {UsageError} If quotes do not close.
 */
export function parseCsv(text: string, name: string, separator: Separator = ","): CsvRow[] {
  try {
    const rows = parse(text, {
      bom: true,
      delimiter: separator,
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

/** Number of lines that are examined to find the separator. */
const LOOKED_AT = 50;

/**
 * The separator of the cells of `text`: comma, semicolon or tab. It is the one that divides the first lines
 * into the same number of cells, more than one; if several do, the one with most cells; if none does, the
 * most frequent one in the first line. Separators inside double quotes do not count.
 */
export function separatorOf(text: string): Separator {
  const counts = countsByLine(text);
  const scored = ([",", ";", "\t"] as const).map((separator, at) => {
    const of = counts.map((line) => line[at]!);
    const first = of[0] ?? 0;
    return { separator, first, even: first > 0 && of.every((count) => count === first) };
  });
  scored.sort((a, b) => Number(b.even) - Number(a.even) || b.first - a.first);
  return scored[0]!.separator;
}

/** Commas, semicolons and tabs outside quotes, per line that is not blank. */
function countsByLine(text: string): [number, number, number][] {
  const lines: [number, number, number][] = [];
  let counts: [number, number, number] = [0, 0, 0];
  let [blank, quoted] = [true, false];
  const end = () => {
    if (!blank) lines.push(counts);
    [counts, blank] = [[0, 0, 0], true];
  };
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    if (!quoted && (letter === "\n" || letter === "\r")) {
      end();
      if (lines.length === LOOKED_AT) return lines;
      continue;
    }
    if (letter.trim() !== "") blank = false;
    const at = ",;\t".indexOf(letter);
    if (!quoted && at >= 0) counts[at]!++;
  }
  end();
  return lines;
}
