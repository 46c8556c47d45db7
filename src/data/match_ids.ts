/**
 * Finds the recording that an id of a label file names.
 *
 * @module
 */

/** The result for an id: one record, none, or several. */
export type Match =
  | { kind: "one"; record: string }
  | { kind: "none" }
  | { kind: "several"; records: string[] };

/**
 * Finds records by id. An id names the record of that path. If there is none, it names the only record whose
 * path ends in the id ("A00012" names "A00/A00012") or is the end of the id ("training/A00/A00012" names it
 * too). Whole names are compared, never parts of a name.
 */
export class RecordIndex {
  private readonly byLast = new Map<string, string[][]>();
  private readonly paths: Set<string>;

  /** @param records Paths of all records, with "/" between folders. */
  constructor(records: Iterable<string>) {
    this.paths = new Set(records);
    for (const record of this.paths) {
      const parts = record.split("/");
      const last = parts.at(-1)!;
      const same = this.byLast.get(last);
      if (same) same.push(parts);
      else this.byLast.set(last, [parts]);
    }
  }

  /** @param id The id as written: "\" counts as "/", and a leading "./" is ignored. */
  find(id: string): Match {
    if (this.paths.has(id)) return { kind: "one", record: id };
    const parts = id.replaceAll("\\", "/").split("/").filter((part) => part !== "" && part !== ".");
    const same = this.byLast.get(parts.at(-1) ?? "") ?? [];
    const whole = same.find((record) => record.length === parts.length && agree(record, parts));
    const found = whole ? [whole] : same.filter((record) => agree(record, parts));
    const records = found.map((record) => record.join("/"));
    if (records.length > 1) return { kind: "several", records };
    return records.length === 0 ? { kind: "none" } : { kind: "one", record: records[0]! };
  }
}

/** Whether the shorter of two paths is the end of the longer one. */
function agree(a: readonly string[], b: readonly string[]): boolean {
  const length = Math.min(a.length, b.length);
  for (let i = 1; i <= length; i++) if (a.at(-i) !== b.at(-i)) return false;
  return true;
}
