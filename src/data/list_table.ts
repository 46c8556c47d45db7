/**
 * Lists the records of a folder that has a label file.
 *
 * @module
 */
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { groupInId, type GroupRule, groupRule } from "./groups.ts";
import { type LabelColumns, type LabelRow, type LabelTable, readLabels } from "./labels.ts";
import { type Match, RecordIndex } from "./match_ids.ts";
import type { Problem } from "./problem.ts";
import type { RecordList, WantedRecord } from "./record_list.ts";
import { CINC_CLASSES, isCinc } from "./revision.ts";
import { listSource, type Source } from "./source.ts";

/** The folder of the records and the source of their labels. */
export interface TableListing {
  source: string;
  /** The label file. */
  labels: string;
  columns?: LabelColumns;
  /** A column of the label file, or a regular expression on ids. */
  group?: string | undefined;
  /** The class of a label; null for a label whose records are not used. By default the label itself. */
  classOf?: (label: string) => string | null;
  /** Whether recordings without a label are a mistake (default) or are ignored. */
  allLabelled?: boolean;
}

/**
 * Lists the records that the label file names, in its order, then files that it does not name.
 *
 * @throws {UsageError} If the folder or the label file cannot be read.
 */
export function listTable(options: TableListing): RecordList {
  const { source, labels, group, classOf = (label: string) => label } = options;
  const found = listSource(source, { labelFile: labels });
  const index = new RecordIndex(found.files.keys());
  const isRecording = (id: string) => index.find(id).kind === "one";
  const table = readLabels(labels, isRecording, { ...options.columns, group });
  const rule = group === undefined ? undefined : ruleOf(group, table);
  const known = options.classOf ? undefined : cincClasses(table.rows);

  const lines = linesByRecord(table.rows, index);
  const listed = [...lines].map(([id, own]) =>
    entryOf({ id, lines: own, files: found.files.get(id) ?? [] }, { known, classOf, rule })
  );
  const entries = listed.filter((entry) => entry !== null);
  const without = listed.length - entries.length;
  const notes = [...table.notes, ...unlistedNote(found, source)];
  const strays = [...found.files].filter(([id]) => !lines.has(id));
  if (options.allLabelled ?? true) {
    for (const [id, [file]] of strays) {
      entries.push({
        id,
        reason: "no-label",
        detail: file === undefined ? "RECORDS names it" : path.relative(source, file),
      });
    }
  } else if (strays.length > 0) {
    notes.push(`${counted(strays.length, "recording")} in ${source} without a label: not read`);
  }
  if (without > 0) {
    notes.push(
      `${
        counted(without, "record", ["was", "were"])
      } left out, because their label stands for no class`,
    );
  }
  return { entries, rows: table.rows, notes, groupedBy: rule && describe(rule) };
}

/** A line of the label file and the recording that its id names. */
interface Line {
  row: LabelRow;
  match: Match;
}

/** The lines of each record, in the order of its first. A record is called as its recording, or else as in the line. */
function linesByRecord(rows: readonly LabelRow[], index: RecordIndex): Map<string, Line[]> {
  const lines = new Map<string, Line[]>();
  for (const row of rows) {
    const match = index.find(row.id);
    const id = match.kind === "one" ? match.record : row.id;
    const own = lines.get(id);
    if (own) own.push({ row, match });
    else lines.set(id, [{ row, match }]);
  }
  return lines;
}

/** @returns The record, or why it cannot be used; null if its label stands for no class. */
function entryOf(
  { id, lines, files }: { id: string; lines: readonly Line[]; files: readonly string[] },
  { known, classOf, rule }: {
    known: readonly string[] | undefined;
    classOf: (label: string) => string | null;
    rule: GroupRule | undefined;
  },
): WantedRecord | Problem | null {
  if (lines.length > 1) {
    const detail = `${lines.length} lines of the label file have this id`;
    return { id, reason: "duplicate-id", detail };
  }
  const { row, match } = lines[0]!;
  if (row.label === "") return { id, reason: "unknown-label", detail: "the label is empty" };
  if (known && !known.includes(row.label)) {
    const detail = `${JSON.stringify(row.label)}, expected one of ${known.join(" ")}`;
    return { id, reason: "unknown-label", detail };
  }
  const label = classOf(row.label);
  if (label === null) return null;
  if (match.kind === "several") {
    const detail = `it can be ${match.records.join(" or ")}; the label file must say which`;
    return { id, reason: "ambiguous-id", detail };
  }
  if (files.length === 0) return { id, reason: "missing", detail: `no recording ${id}` };
  if (files.length > 1) {
    const names = files.map((file) => path.basename(file)).join(" and ");
    return { id, reason: "duplicate-id", detail: `both ${names} have this id` };
  }
  const own = rule && groupOf(row, { id, rule });
  if (own !== undefined && typeof own !== "string") return own;
  return {
    id,
    label,
    ...(own === undefined ? {} : { group: own }),
    ...(row.fold === undefined ? {} : { fold: row.fold }),
    file: files[0]!,
  };
}

/** With the ids and classes of CinC 2017, every other class is a mistake. */
function cincClasses(rows: readonly LabelRow[]): readonly string[] | undefined {
  return isCinc(rows) ? CINC_CLASSES : undefined;
}

function ruleOf(group: string, { rows, header }: LabelTable): GroupRule {
  return groupRule(group, { isColumn: rows[0]?.group !== undefined, header });
}

function describe(rule: GroupRule): string {
  return rule.kind === "column" ? `column ${rule.column}` : `pattern ${rule.pattern.source}`;
}

function groupOf(row: LabelRow, { id, rule }: { id: string; rule: GroupRule }): string | Problem {
  const group = rule.kind === "column" ? row.group : groupInId(id, rule.pattern);
  if (group !== undefined && group !== "") return group;
  const detail = rule.kind === "column"
    ? `its cell in column ${rule.column} is empty`
    : `${rule.pattern.source} finds none in the id`;
  return { id, reason: "no-group", detail };
}

/** One note about all recordings that RECORDS leaves out. */
export function unlistedNote({ unlisted }: Source, source: string): string[] {
  if (unlisted.length === 0) return [];
  const [first] = unlisted;
  return [
    `${counted(unlisted.length, "recording")} in ${source} that RECORDS does not name: not read, ` +
    `the first of them ${first}`,
  ];
}
