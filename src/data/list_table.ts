/**
 * Lists the records of a folder that has a label file.
 *
 * @module
 */
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { groupInId, type GroupRule, groupRule } from "./groups.ts";
import { type LabelColumns, type LabelRow, type LabelTable, readLabels } from "./labels.ts";
import { RecordIndex } from "./match_ids.ts";
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
  const notes = [...table.notes, ...unlistedNote(found, source)];

  const matches = table.rows.map(({ id }) => index.find(id));
  const records = matches.map((match, i) =>
    match.kind === "one" ? match.record : table.rows[i]!.id
  );
  const times = new Map<string, number>();
  for (const record of records) times.set(record, (times.get(record) ?? 0) + 1);
  const known = options.classOf ? undefined : cincClasses(table.rows);
  const unused = new Map<string, number>();
  const told = new Set<string>();
  const entries = table.rows.flatMap((row, i): (WantedRecord | Problem)[] => {
    const id = records[i]!;
    if (told.has(id)) return [];
    told.add(id);
    if (times.get(id)! > 1) {
      const detail = `${times.get(id)} lines of the label file have this id`;
      return [{ id, reason: "duplicate-id", detail }];
    }
    if (row.label === "") return [{ id, reason: "unknown-label", detail: "the label is empty" }];
    if (known && !known.includes(row.label)) {
      const detail = `${JSON.stringify(row.label)}, expected one of ${known.join(" ")}`;
      return [{ id, reason: "unknown-label", detail }];
    }
    const label = classOf(row.label);
    if (label === null) {
      unused.set(row.label, (unused.get(row.label) ?? 0) + 1);
      return [];
    }
    const match = matches[i]!;
    if (match.kind === "several") {
      const detail = `it can be ${match.records.join(" or ")}; the label file must say which`;
      return [{ id, reason: "ambiguous-id", detail }];
    }
    const files = found.files.get(id) ?? [];
    if (files.length === 0) {
      return [{ id, reason: "missing", detail: `no recording ${id}` }];
    }
    if (files.length > 1) {
      const names = files.map((file) => path.basename(file)).join(" and ");
      return [{ id, reason: "duplicate-id", detail: `both ${names} have this id` }];
    }
    const own = rule && groupOf(row, { id, rule });
    if (own !== undefined && typeof own !== "string") return [own];
    return [{
      id,
      label,
      ...(own === undefined ? {} : { group: own }),
      ...(row.fold === undefined ? {} : { fold: row.fold }),
      file: files[0]!,
    }];
  });
  const strays = [...found.files].filter(([id]) => !told.has(id));
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
  const without = [...unused.values()].reduce((sum, count) => sum + count, 0);
  if (without > 0) {
    notes.push(
      `${
        counted(without, "record", ["was", "were"])
      } left out, because their label stands for no class`,
    );
  }
  return { entries, rows: table.rows, notes, groupedBy: rule && describe(rule) };
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
