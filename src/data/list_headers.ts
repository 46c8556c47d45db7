/**
 * Lists the records of a folder whose labels are in their headers, as a comment "#Dx: 426783006,164889003".
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { decodeText } from "./formats/text.ts";
import { groupInId, groupRule } from "./groups.ts";
import { unlistedNote } from "./list_table.ts";
import { inOptions } from "./advice.ts";
import { BadRecord, type Problem } from "./problem.ts";
import type { RecordList, WantedRecord } from "./record_list.ts";
import { readFile } from "./recording.ts";
import { listSource } from "./source.ts";

/** The folder of the records and the meaning of their codes. */
export interface HeaderListing {
  source: string;
  /** The class of a record's codes; null for one that is not used. */
  classOf: (codes: readonly string[]) => string | null;
  /** A regular expression on ids. */
  group?: string | undefined;
}

/**
 * Lists all records in the order of their ids.
 *
 * @throws {UsageError} If the folder cannot be read, or the group is not a pattern.
 */
export function listHeaders({ source, classOf, group }: HeaderListing): RecordList {
  const found = listSource(source);
  const rule = group === undefined
    ? undefined
    : groupRule(group, { isColumn: false, header: undefined });
  const pattern = rule?.kind === "pattern" ? rule.pattern : undefined;
  let unused = 0;
  const entries = [...found.files].flatMap(([id, files]): (WantedRecord | Problem)[] => {
    const [file] = files;
    if (file === undefined) return [{ id, reason: "missing", detail: "RECORDS names it" }];
    try {
      const label = classOf(diagnosesOf(readFile(file.replace(/\.[^.]+$/, ".hea"))));
      if (label === null) {
        unused++;
        return [];
      }
      const own = pattern && groupInId(id, pattern);
      if (pattern && own === undefined) {
        return [{ id, reason: "no-group", detail: `${pattern.source} finds none in the id` }];
      }
      return [{ id, label, ...(own === undefined ? {} : { group: own }), file }];
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error;
      return [{ id, reason: error.reason, detail: `its header: ${error.explain(inOptions)}` }];
    }
  });
  const notes = unlistedNote(found, source);
  if (unused > 0) {
    notes.push(
      `${
        counted(unused, "record", ["was", "were"])
      } left out, because their header has no #Dx code`,
    );
  }
  return { entries, rows: [], notes, groupedBy: pattern && `pattern ${pattern.source}` };
}

/** The codes of the line "# Dx: code,code" of a header. */
export function diagnosesOf(header: Uint8Array): string[] {
  const found = /^[ \t]*#[ \t]*Dx[ \t]*:(.*)$/im.exec(decodeText(header).replaceAll("\r", "\n"));
  return (found?.[1] ?? "").split(",").map((code) => code.trim())
    .filter((code) => /^\d+$/.test(code));
}
