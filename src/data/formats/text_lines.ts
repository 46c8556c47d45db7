/**
 * Divides a text file into lines, a preamble and a block of data, and divides lines into cells.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";

/** The delimiter of cells; null if a line is one cell. */
export type Delimiter = "\t" | ";" | "," | " " | null;

/** The block of lines that hold data, and the lines before it. */
export interface TextBlock {
  readonly delimiter: Delimiter;
  /** Cells in a line of the block. */
  readonly width: number;
  /** All lines of the file. */
  readonly lines: readonly string[];
  /** The block is lines [first, end), counted from 0; lines in it may be comments. */
  readonly first: number;
  readonly end: number;
}

const DELIMITERS: readonly Delimiter[] = ["\t", ";", ",", " ", null];
/** Number of lines that are examined to find out how a file is divided. */
const SAMPLE = 60;

const NUMBER = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i;
/** Empty cells and words for a missing value; AD8232 loggers write `!` while an electrode is off. */
const MISSING = /^(nan|na|n\/a|null|none|-|--|!)?$/i;
const CLOCK =
  /^\[?(\d{1,4}[-./]\d{1,2}[-./]\d{1,4}[T ]+)?(\d{1,3}:)?\d{1,2}:\d{2}([.,]\d+)?( ?[ap]m)?(Z|[+-]\d{2}:?\d{2})?( [\d/.-]+)?\]?$/i;
const DATE = /^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}$/;

/** The number in a cell; NaN if it is missing; undefined if the cell is anything else. */
export function numberIn(cell: string): number | undefined {
  if (NUMBER.test(cell)) {
    const value = Number(cell.replace(",", "."));
    return Number.isFinite(value) ? value : undefined;
  }
  return MISSING.test(cell) ? NaN : undefined;
}

/** Whether a cell is a date or a time of day. */
export function isMoment(cell: string): boolean {
  return CLOCK.test(cell) || DATE.test(cell);
}

function isComment(line: string): boolean {
  return /^\s*(#|%|\/\/)/.test(line);
}

/** The cells of a line, without blanks and quotes around them. */
export function cellsOf(line: string, delimiter: Delimiter): string[] {
  if (delimiter === null) return [unquoted(line)];
  if (delimiter === " ") return spaced(line);
  if (!/["']/.test(line)) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let [cell, quote] = ["", ""];
  for (const character of line) {
    if (quote !== "") {
      if (character === quote) quote = "";
      cell += character;
    } else if (character === delimiter) {
      cells.push(unquoted(cell));
      cell = "";
    } else {
      if ((character === '"' || character === "'") && cell.trim() === "") quote = character;
      cell += character;
    }
  }
  return [...cells, unquoted(cell)];
}

/** The words of a line; a word in brackets belongs to the word before it, as in `time (s)`. */
function spaced(line: string): string[] {
  const cells: string[] = [];
  for (const word of line.trim().split(/\s+/)) {
    if (/^[[(]/.test(word) && cells.length > 0) cells.push(`${cells.pop()} ${word}`);
    else cells.push(unquoted(word));
  }
  return cells;
}

function unquoted(cell: string): string {
  const text = cell.trim();
  const first = text[0];
  return text.length >= 2 && (first === '"' || first === "'") && text.endsWith(first)
    ? text.slice(1, -1).replaceAll(first + first, first).trim()
    : text;
}

/**
 * Finds the data of a text file.
 *
 * @throws {BadRecord} If the file has no data.
 */
export function divide(text: string): TextBlock {
  if (text.includes("\0")) throw new BadRecord("unreadable", "it is not text");
  // The Arduino IDE's serial monitor writes "12:00:00.123 -> 512".
  const lines = withoutLabels(
    text.split(/\r\r\n|\r\n|\n|\r/).map((line) => line.replace(/ -> /, "\t")),
  );
  let end = lines.length;
  while (end > 0 && (lines[end - 1]!.trim() === "" || isComment(lines[end - 1]!))) end--;
  if (end === 0) throw new BadRecord("empty", "no line has a number");
  const sample = sampleOf(lines, end);
  const found = DELIMITERS.map((delimiter) => ({ delimiter, ...fit(sample, delimiter) }))
    .filter(({ delimiter, width }) => delimiter === null || width > 1)
    .reduce((best, each) => each.share > best.share ? each : best);
  const { delimiter } = found.delimiter === "," && isDecimalComma(lines, end)
    ? { delimiter: null }
    : found;
  const { width, columns } = fit(sample, delimiter);
  const isData = (line: string) => {
    const cells = cellsOf(line, delimiter);
    return cells.length === width && columns.some((c) => isValue(cells[c]!)) &&
      columns.every((c) => isValue(cells[c]!) || MISSING.test(cells[c]!));
  };
  let first = 0;
  while (first < end && !(isFull(lines[first]!) && isData(lines[first]!))) first++;
  if (first === end || columns.length === 0) throw noNumber(lines, end);
  // Missing values may come first.
  const isGap = (line: string) =>
    isFull(line) && cellsOf(line, delimiter).length === width &&
    columns.every((c) => /./.test(cellsOf(line, delimiter)[c]!)) &&
    columns.every((c) => MISSING.test(cellsOf(line, delimiter)[c]!));
  while (first > 0 && isGap(lines[first - 1]!)) first--;
  return { delimiter, width, lines, first, end };
}

const LABELLED = /^[A-Za-z_][\w ]*[:=]\s*([+-]?[\d.]+(e[+-]?\d+)?|nan|!)?$/i;

/**
 * Lines for the Arduino IDE's serial plotter, `t:4,ECG:512`, as a table: a header of the labels and the
 * numbers. Other lines are not changed.
 */
function withoutLabels(lines: string[]): string[] {
  const partsOf = (line: string) => line.trim().split(/\s*[,;\t]\s*/);
  const last = lines.findLast((line) => line.trim() !== "");
  if (last === undefined || !partsOf(last).every((part) => LABELLED.test(part))) return lines;
  const labelsOf = (line: string) => partsOf(line).map((part) => part.split(/[:=]/)[0]!).join(";");
  const labels = labelsOf(last);
  const isOne = (line: string) => labelsOf(line) === labels && LABELLED.test(partsOf(line)[0]!);
  const first = lines.findIndex(isOne);
  if (lines.filter(isOne).length < 0.9 * (lines.length - first) - 1) return lines;
  return lines.flatMap((line, i) => {
    if (!isOne(line)) return [line];
    const values = partsOf(line).map((part) => part.slice(part.search(/[:=]/) + 1).trim()).join(
      ";",
    );
    return i === first ? [labels, values] : [values];
  });
}

/** Whether a line is neither blank nor a comment. */
export function isFull(line: string): boolean {
  return line.trim() !== "" && !isComment(line);
}

function isValue(cell: string): boolean {
  return NUMBER.test(cell) || isMoment(cell);
}

function noNumber(lines: readonly string[], end: number): BadRecord {
  const full = lines.slice(0, end).filter(isFull);
  return new BadRecord(
    full.length === 1 ? "empty" : "not-a-number",
    full.length === 1
      ? "only a header line"
      : `no line holds numbers; the last one is ${JSON.stringify(lines[end - 1]!.slice(0, 40))}`,
  );
}

/** Lines from the middle and the end of the file, where data are most likely. */
function sampleOf(lines: readonly string[], end: number): string[] {
  const half = SAMPLE / 2;
  const middle = Math.max(0, Math.floor((end - half) / 2));
  const chosen = end <= SAMPLE
    ? lines.slice(0, end)
    : [...lines.slice(middle, middle + half), ...lines.slice(end - half, end)];
  return chosen.filter(isFull);
}

/** The most frequent number of cells, the share of cells that are values, and the columns with most values. */
function fit(
  sample: readonly string[],
  delimiter: Delimiter,
): { share: number; width: number; columns: number[] } {
  const rows = sample.map((line) => cellsOf(line, delimiter));
  const widths = new Map<number, number>();
  for (const { length } of rows) widths.set(length, (widths.get(length) ?? 0) + 1);
  const [width, count] = [...widths].reduce((best, each) => each[1] > best[1] ? each : best);
  const own = rows.filter(({ length }) => length === width);
  const good = Array.from(
    { length: width },
    (_, c) => own.filter((row) => isValue(row[c]!)).length,
  );
  const empty = Array.from({ length: width }, (_, c) => own.filter((row) => row[c] === "").length);
  const cells = width * own.length - empty.reduce((sum, n) => sum + n, 0);
  return {
    share: cells === 0 ? 0 : good.reduce((sum, n) => sum + n, 0) / cells * count / rows.length,
    width,
    columns: good.flatMap((n, c) => (3 * n >= own.length && n > 0 ? [c] : [])),
  };
}

/**
 * Whether `0,512` is one number rather than two columns. It is if a line has `-0` or leading zeros, which are
 * not usual in whole numbers, or if the header has one cell and thus one column.
 */
function isDecimalComma(lines: readonly string[], end: number): boolean {
  const pair = /^\s*[+-]?\d*,(\d+)\s*$/;
  let first = end;
  while (first > 0 && pair.test(lines[first - 1]!)) first--;
  if (first === end) return false;
  const above = lines.slice(0, first).findLast((line) => line.trim() !== "");
  if (above !== undefined && !above.includes(",") && /\p{L}/u.test(above)) return true;
  return lines.slice(first, end).some((line) => /^\s*([+-]?,|-0,)|,0\d/.test(line));
}
