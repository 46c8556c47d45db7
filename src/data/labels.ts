/**
 * Label files name the class of each recording, one per line. Examples are PhysioNet's REFERENCE-v3.csv and
 * any table with a header.
 *
 * @module
 */
import * as fs from "node:fs";
import { UsageError } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { type CsvRow, parseCsv, separatorOf } from "./csv.ts";
import { decodeText } from "./formats/text.ts";
import { withoutEnding } from "./record_name.ts";

/** One line of a label file. */
export interface LabelRow {
  /** The id as written, without the ending of a recording's file. */
  id: string;
  /** The class as written; empty if the cell is empty. */
  label: string;
  /** The group, e.g. a patient, from its column; absent without such a column. */
  group?: string;
  /** The published fold, from its column; absent without such a column. */
  fold?: string;
}

/** Columns by name in the header or by number from 1; undefined: found by known names in the header. */
export interface LabelColumns {
  id?: string | undefined;
  label?: string | undefined;
  group?: string | undefined;
  fold?: string | undefined;
}

/** The contents of a label file. */
export interface LabelTable {
  /** In the order of the file. */
  rows: LabelRow[];
  /** The names of its columns; undefined without a header. */
  header: string[] | undefined;
  /** What had to be assumed, one sentence each. */
  notes: string[];
}

const ID_WORDS = words(
  "id ids record records recording recordings record_id record_name recordname recording_id name " +
    "file files filename file_name path ecg ecg_id signal sample",
);
const LABEL_WORDS = words(
  "label labels class classes rhythm diagnosis category annotation reference target y truth type",
);

function words(text: string): Set<string> {
  return new Set(text.split(" "));
}

/**
 * The rows of a label file in their order. Cells are separated by comma, semicolon or tab; the encoding is
 * UTF-8, UTF-16 or Latin-1; there may be any number of columns. A header line is recognised by its names,
 * unless a recording has that name. Without a header the first column is the id and the second the label.
 *
 * @param isRecording Whether a recording of this id exists.
 * @throws {UsageError} If the file cannot be read, lists nothing, or has no such columns.
 */
export function readLabels(
  file: string,
  isRecording: (id: string) => boolean,
  columns: LabelColumns = {},
): LabelTable {
  const notes: string[] = [];
  const rows = readTable(file);
  const header = headerOf(rows, { columns, isRecording });
  const body = header ? rows.slice(1) : rows;
  if (body.length === 0) throw new UsageError(`The label file ${file} lists no records`);
  const table: Table = { file, header, width: (header ?? body[0]!.cells).length };
  const at = positionsOf(table, columns);
  if (!header && table.width > 2 && columns.id === undefined && columns.label === undefined) {
    notes.push(
      `${file} has ${table.width} columns and no header: the first was taken as the id and the ` +
        `second as the label (--id-column and --label-column say otherwise)`,
    );
  }
  return { rows: body.map((row) => labelRow(row, { table, at })), header, notes };
}

interface Table {
  file: string;
  header: string[] | undefined;
  /** Columns. */
  width: number;
}

interface Positions {
  id: number;
  label: number;
  group: number | undefined;
  fold: number | undefined;
}

function readTable(file: string): CsvRow[] {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw new UsageError(
      `Cannot read the labels ${file} (${whyUnreadable(error)}): give them with --labels FILE`,
    );
  }
  const text = decodeText(bytes);
  if (text.includes("\0")) throw new UsageError(`Cannot read the labels ${file}: it is not text`);
  // Excel names the separator in a line of its own.
  const named = /^\uFEFF?sep=([,;\t])\r?\n/i.exec(text);
  const separator = (named?.[1] as "," | undefined) ?? separatorOf(text);
  return parseCsv(named ? text.slice(named[0].length) : text, file, separator);
}

function headerOf(
  rows: readonly CsvRow[],
  { columns, isRecording }: { columns: LabelColumns; isRecording: (id: string) => boolean },
): string[] | undefined {
  const first = rows[0]?.cells;
  if (!first) return undefined;
  const lower = first.map((cell) => cell.toLowerCase());
  const asked = [columns.id, columns.label, columns.group, columns.fold];
  if (asked.some((name) => name !== undefined && lower.includes(name.toLowerCase()))) return first;
  if (isRecording(withoutEnding(first[0]!))) return undefined;
  const named = lower.length === 2
    ? ID_WORDS.has(lower[0]!) || LABEL_WORDS.has(lower[1]!) || isTurned(lower)
    : lower.some((name) => ID_WORDS.has(name)) || lower.some((name) => LABEL_WORDS.has(name));
  return named ? first : undefined;
}

/** Whether the two columns are those of a label and an id, in this order. */
function isTurned([first, second]: readonly string[]): boolean {
  return LABEL_WORDS.has(first!) && ID_WORDS.has(second!);
}

function positionsOf(table: Table, columns: LabelColumns): Positions {
  const { file, header, width } = table;
  if (width < 2) {
    throw new UsageError(
      `Cannot read the labels ${file}: its first line has ${width} column, expected at least two, ` +
        `id and label, with a comma, semicolon or tab between them`,
    );
  }
  const found = (name: string | undefined) =>
    name === undefined ? undefined : columnAt(table, name);
  // If the group is not a column, it is a pattern on ids, which the caller handles.
  const group = columns.group === undefined ? undefined : positionOf(table, columns.group);
  const fold = found(columns.fold);
  let [id, label] = [found(columns.id), found(columns.label)];
  const lower = header?.map((name) => name.toLowerCase());
  if (lower && width > 2) {
    id ??= onlyColumn(table, { words: ID_WORDS, what: "id", option: "--id-column" });
    label ??= onlyColumn(table, { words: LABEL_WORDS, what: "label", option: "--label-column" });
  } else if (lower && isTurned(lower)) {
    id ??= 1;
    label ??= 0;
  }
  id ??= label === 0 ? 1 : 0;
  label ??= id === 1 ? 0 : 1;
  if (id === label) {
    throw new UsageError(
      `Cannot read the labels ${file}: column ${id + 1} cannot be both the id and the label`,
    );
  }
  return { id, label, group, fold };
}

function positionOf({ header, width }: Table, name: string): number | undefined {
  const at = header?.findIndex((cell) => cell.toLowerCase() === name.toLowerCase()) ?? -1;
  if (at >= 0) return at;
  const number = Number(name);
  return /^\d+$/.test(name) && number >= 1 && number <= width ? number - 1 : undefined;
}

/** @throws {UsageError} If there is no such column. */
function columnAt(table: Table, name: string): number {
  const at = positionOf(table, name);
  if (at !== undefined) return at;
  const { file, header, width } = table;
  throw new UsageError(
    `The label file ${file} has no column ${JSON.stringify(name)}: it has ` +
      (header ? header.join(", ") : `no header, and columns 1 to ${width}`),
  );
}

function onlyColumn(
  { file, header }: Table,
  { words, what, option }: { words: Set<string>; what: string; option: string },
): number {
  const found = header!.flatMap((name, i) => (words.has(name.toLowerCase()) ? [i] : []));
  if (found.length === 1) return found[0]!;
  const which = found.length === 0
    ? `none of its columns ${header!.join(", ")} is known to be the ${what}`
    : `any of its columns ${found.map((i) => header![i]).join(", ")} could be the ${what}`;
  throw new UsageError(`Cannot read the labels ${file}: ${which}; name it with ${option}`);
}

function labelRow(
  { cells, line }: CsvRow,
  { table, at }: { table: Table; at: Positions },
): LabelRow {
  const needed = Math.max(at.id, at.label, at.group ?? 0, at.fold ?? 0) + 1;
  // After the last column that is needed, cells may be missing or additional.
  if (cells.length < needed || (table.width === 2 && cells.length !== 2)) {
    throw new UsageError(
      `Cannot read the labels ${table.file}: line ${line} has ${cells.length} columns, expected ` +
        (table.width === 2 ? "two, id,label" : `at least ${needed}`),
    );
  }
  return {
    id: withoutEnding(cells[at.id]!),
    label: cells[at.label]!,
    ...(at.group === undefined ? {} : { group: cells[at.group]! }),
    ...(at.fold === undefined ? {} : { fold: cells[at.fold]! }),
  };
}
