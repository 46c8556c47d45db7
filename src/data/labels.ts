/**
 * Label files: one `id,label` pair per line, as in PhysioNet's REFERENCE-v3.csv.
 *
 * @module
 */
import * as fs from "node:fs";
import { UsageError } from "../core/errors.ts";
import { parseCsv } from "./csv.ts";

/** One line of a label file. */
export interface LabelRow {
  id: string;
  /** The class as written; empty if the cell is. */
  label: string;
}

const ID_WORDS = words(
  "id ids record records recording recordings record_id record_name recordname recording_id name " +
    "file files filename file_name ecg ecg_id signal sample",
);
const LABEL_WORDS = words(
  "label labels class classes rhythm diagnosis category annotation reference target y truth type",
);

function words(text: string): Set<string> {
  return new Set(text.split(" "));
}

/**
 * The rows of a label file in their order. A header line is recognised by its words and left out,
 * unless a recording has that name; an id may carry its file's extension.
 *
 * @param isRecording Whether a recording of this id exists.
 * @throws {UsageError} If the file cannot be read, is empty or a line has not two columns.
 */
export function readLabels(file: string, isRecording: (id: string) => boolean): LabelRow[] {
  const rows = parseCsv(readText(file), file);
  const wrong = rows.find(({ cells }) => cells.length !== 2);
  if (wrong) {
    throw new UsageError(
      `Cannot read the labels ${file}: line ${wrong.line} has ${wrong.cells.length} columns, ` +
        `expected two, id,label`,
    );
  }
  const labels = rows.map(({ cells: [id, label] }) => ({
    id: id!.replace(/\.(mat|csv)$/i, ""),
    label: label!,
  }));
  const first = labels[0];
  if (first && isHeader(first) && !isRecording(first.id)) labels.shift();
  if (labels.length === 0) throw new UsageError(`The label file ${file} lists no records`);
  return labels;
}

function isHeader({ id, label }: LabelRow): boolean {
  return ID_WORDS.has(id.toLowerCase()) || LABEL_WORDS.has(label.toLowerCase());
}

function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? error;
    throw new UsageError(`Cannot read the labels ${file} (${code}): give them with --labels FILE`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`Cannot read the labels ${file}: it is not UTF-8 text`);
  }
}
