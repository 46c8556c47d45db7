/**
 * Reads text files: columns of numbers, separated by commas, semicolons, tabs or blanks, with or without header
 * lines and a column of times.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { readPreamble, type Title } from "./text_columns.ts";
import {
  cellsOf,
  type Delimiter,
  divide,
  isFull,
  isMoment,
  numberIn,
  type TextBlock,
} from "./text_lines.ts";
import type { Lead, SignalFile } from "./signal_file.ts";
import { decodeText } from "./text.ts";
import { secondsOfMoments, type Timeline, timelineOf } from "./timeline.ts";
import { secondsIn } from "./units.ts";

/** A single line with at least this many cells is one recording. */
const LYING = 16;
/** Number of rows that are examined to find the kind of a column. */
const LOOKED_AT = 200;

const TIME_NAME =
  /time|zeit|stamp|elapsed|millis|micros|date|datum|clock|uhr|tiempo|temps|^(t|s|ms|us|ns|sec(ond)?s?)$/i;
const INDEX_NAME =
  /^(#|n|no|nr|idx|index|samples?|sample[ _]?(#|no|number|index|id)|counter|count|seq(uence)?|row|frame|packet|unnamed: 0)\.?$/i;
/** Names of columns that are never times, even if their values ascend. */
const ECG_NAME = /ecg|ekg|lead|^(i|ii|iii|av[rlf]|v\d|ml.+)$|volt|signal|adc|raw|amplitude/i;

/** @throws {BadRecord} If the file is not a table of numbers; the message names the line. */
export function readTable(bytes: Uint8Array): SignalFile {
  if (bytes.length === 0) throw new BadRecord("empty", "0 bytes");
  const block = divide(decodeText(bytes));
  const preamble = readPreamble(block);
  const lying = lyingDown(block);
  const { unit } = preamble;
  if (lying) {
    const lead = { name: "", number: 1, unit, gain: unit === null ? null : 1, baseline: 0 };
    return {
      leads: [{ ...lead, rate: preamble.rate, numbers: () => lying }],
      rateSource: "its header lines",
      defaultRate: null,
    };
  }
  const rows = rowsOf(block);
  const columns = preamble.titles.map((title, column) => columnOf(block, { title, column, rows }));
  const kept = columns.filter(({ kind }) => kind !== "empty");
  const signals = kept.filter(({ kind }) => kind === "signal");
  const constant = kept.filter(({ kind }) => kind === "constant");
  const leads = [signals, constant].find(({ length }) => length > 0) ??
    (kept.length === 1 ? kept : []);
  if (leads.length === 0) {
    throw new BadRecord("no-signal", `none of its ${columns.length} columns is a signal`);
  }
  const clock = clockOf(block, { columns: kept.filter((column) => !leads.includes(column)), rows });
  const time = "timeline" in clock ? clock : null;
  const missing = time?.timeline.missingBefore ?? null;
  return {
    leads: leads.map(({ title, column }): Lead => {
      const own = title.unit ?? unit;
      return {
        name: title.name,
        number: column + 1,
        unit: own,
        gain: own === null ? null : 1,
        baseline: 0,
        rate: time?.timeline.rate ?? preamble.rate,
        numbers: () => spread(numbersOf(block, { column, rows }), missing),
      };
    }),
    rateSource: time?.source ?? "its header lines",
    ...typeof time?.timeline.assumedUnit === "string"
      ? { rateTakenFor: time.timeline.assumedUnit }
      : {},
    ..."noRate" in clock ? { noRate: clock.noRate } : {},
    defaultRate: null,
  };
}

function lyingDown({ lines, first, end, width, delimiter }: TextBlock): Float64Array | null {
  const full = lines.slice(first, end).filter(isFull);
  if (full.length !== 1 || width < LYING) return null;
  const cells = cellsOf(full[0]!, delimiter);
  if (cells.at(-1) === "") cells.pop(); // There is a delimiter after every number.
  return Float64Array.from(cells, (cell) => {
    const value = numberIn(cell);
    if (value !== undefined) return value;
    throw new BadRecord("not-a-number", `it holds ${JSON.stringify(cell.slice(0, 20))}`);
  });
}

/** The places of the lines that hold data [rows]. */
function rowsOf({ lines, first, end, width, delimiter }: TextBlock): Int32Array {
  const rows = new Int32Array(end - first);
  let count = 0;
  for (let i = first; i < end; i++) {
    if (isFull(lines[i]!)) rows[count++] = i;
    else if (lines[i]!.trim() === "") {
      throw new BadRecord("not-a-number", `a blank line ${i + 1}`);
    }
  }
  if (delimiter === null) return rows.subarray(0, count);
  for (let r = 0; r < count; r++) {
    const length = widthOf(lines[rows[r]!]!, delimiter);
    if (length === width) continue;
    throw new BadRecord(
      "not-one-column",
      `line ${rows[r]! + 1} has ${length} columns, the others ${width}`,
    );
  }
  return rows.subarray(0, count);
}

function widthOf(line: string, delimiter: string): number {
  if (delimiter === " " || /["']/.test(line)) return cellsOf(line, delimiter as Delimiter).length;
  let width = 1;
  for (let at = line.indexOf(delimiter); at >= 0; at = line.indexOf(delimiter, at + 1)) width++;
  return width;
}

interface Column {
  readonly title: Title;
  readonly column: number;
  readonly kind: "signal" | "time" | "index" | "constant" | "empty" | "words";
  /** Cells are dates or times of day. */
  readonly moments: boolean;
}

function columnOf(
  { lines, delimiter, width }: TextBlock,
  { title, column, rows }: { title: Title; column: number; rows: Int32Array },
): Column {
  const looked = Array.from(
    rows.length <= LOOKED_AT ? rows : [
      ...rows.subarray(0, LOOKED_AT / 2),
      ...rows.subarray(rows.length - LOOKED_AT / 2),
    ],
    (row) => cellsOf(lines[row]!, delimiter)[column]!,
  );
  const numbers = looked.map(numberIn);
  const values = numbers.filter((value) => value !== undefined && !Number.isNaN(value));
  const moments = looked.filter(isMoment).length;
  const of = (kind: Column["kind"]): Column => ({
    title,
    column,
    kind,
    moments: 2 * moments > looked.length,
  });
  if (2 * moments > looked.length) return of("time");
  if (values.length === 0 && title.name === "" && looked.every((cell) => cell === "")) {
    return of("empty");
  }
  if (2 * values.length < looked.length && width > 1) {
    return of(numbers.includes(undefined) ? "words" : values.length === 0 ? "empty" : "signal");
  }
  if (width === 1) return of("signal");
  if (values.length > 2 && values.every((value) => value === values[0])) return of("constant");
  if (ECG_NAME.test(title.name)) return of("signal");
  if (title.unit !== null && secondsIn(title.unit) !== null) return of("time");
  if (INDEX_NAME.test(title.name)) return of("index");
  if (TIME_NAME.test(title.name)) return of("time");
  const half = Math.min(LOOKED_AT / 2, looked.length);
  const rises = values.length === looked.length && half > 2 &&
    (values as number[]).slice(0, half).every((value, i, all) => i === 0 || value > all[i - 1]!);
  if (!rises) return of("signal");
  const counts = (values as number[]).slice(0, half).every((value, i, all) =>
    i === 0 || value - all[i - 1]! === 1
  );
  return of(counts ? "index" : "time");
}

/** The column of times that gives a rate, or why none does; a column with even steps is preferred. */
function clockOf(
  { lines, delimiter }: TextBlock,
  { columns, rows }: { columns: readonly Column[]; rows: Int32Array },
): { timeline: Timeline; source: string } | { noRate?: string } {
  let jittering: { timeline: Timeline; source: string } | null = null;
  let unusable: { noRate?: string } = {};
  for (const { title, column, kind, moments } of columns) {
    if (kind !== "time") continue;
    const cells = Array.from(rows, (row) => cellsOf(lines[row]!, delimiter)[column]!);
    const times = moments
      ? secondsOfMoments(cells)
      : Float64Array.from(cells, (cell) => numberIn(cell) ?? NaN);
    const unit = moments ? "s" : title.unit;
    const timeline = timelineOf(times, unit !== null && secondsIn(unit) !== null ? unit : null);
    const source = title.name === "" ? `its column ${column + 1}` : `its column "${title.name}"`;
    if (timeline === null) {
      unusable = { noRate: `${source} ${whyNoRate(times, rows)}` };
      continue;
    }
    if (!timeline.jitters) return { timeline, source };
    jittering ??= { timeline, source };
  }
  return jittering ?? unusable;
}

function whyNoRate(times: Float64Array, rows: Int32Array): string {
  const back = times.findIndex((time, i) => i > 0 && time < times[i - 1]!);
  return back < 0 ? "gives no rate of an ECG" : `runs backwards at line ${rows[back]! + 1}`;
}

function numbersOf(
  { lines, delimiter }: TextBlock,
  { column, rows }: { column: number; rows: Int32Array },
): Float64Array {
  return Float64Array.from(rows, (row) => {
    const cell = cellsOf(lines[row]!, delimiter)[column]!;
    const value = numberIn(cell);
    if (value !== undefined) return value;
    throw new BadRecord(
      "not-a-number",
      `line ${row + 1} is ${JSON.stringify(cell.slice(0, 20))}`,
    );
  });
}

/** The numbers, with space for the missing ones before each. */
function spread(numbers: Float64Array, missingBefore: Float64Array | null): Float64Array {
  if (missingBefore === null) return numbers;
  const total = missingBefore.reduce((sum, count) => sum + count, numbers.length);
  const out = new Float64Array(total).fill(NaN);
  let at = 0;
  numbers.forEach((number, i) => {
    at += missingBefore[i]!;
    out[at++] = number;
  });
  return out;
}
