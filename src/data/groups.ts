/**
 * Groups of records, e.g. those of one patient. No group may be on two sides of a split.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type Side, SIDES } from "./format.ts";

/** How a record's group is found: in a column of the label file, or in the record's id. */
export type GroupRule = { kind: "column"; column: string } | { kind: "pattern"; pattern: RegExp };

/**
 * The meaning of `--group TEXT`: the column of that name or number, else a regular expression on ids.
 *
 * @param isColumn Whether the label file has a column TEXT.
 * @param header Columns of the label file, for the error.
 * @throws {UsageError} If it is neither.
 */
export function groupRule(
  text: string,
  { isColumn, header }: { isColumn: boolean; header: readonly string[] | undefined },
): GroupRule {
  if (isColumn) return { kind: "column", column: text };
  const wanted = "a column of the label file, or a regular expression on ids whose first " +
    "parenthesis is the group, e.g. --group '^(patient\\d+)_'";
  if (!text.includes("(")) {
    throw new UsageError(
      `Cannot group by ${JSON.stringify(text)}: expected ${wanted}; ` +
        (header ? `the columns are ${header.join(", ")}` : "the label file has no header"),
    );
  }
  try {
    return { kind: "pattern", pattern: new RegExp(text, "u") };
  } catch (error) {
    throw new UsageError(
      `Cannot group by ${JSON.stringify(text)}: ${(error as Error).message}; expected ${wanted}`,
    );
  }
}

/** The group that a pattern finds in an id: its first parenthesis; undefined if it does not match. */
export function groupInId(id: string, pattern: RegExp): string | undefined {
  const group = pattern.exec(id)?.[1];
  return group === undefined || group === "" ? undefined : group;
}

/** A group as dataset.json lists it. */
export interface ListedGroup {
  group: string;
  /** The sides of its records: exactly one if the split is correct. */
  sides: Side[];
  records: string[];
}

/** The groups of a data set, as in dataset.json. They show that no two sides share a group. */
export interface GroupList {
  /** E.g. "column patient_id". */
  by: string;
  count: number;
  /** Groups on each side. */
  perSide: Record<Side, number>;
  /** Groups on more than one side: none, except for a split that ignores groups. */
  shared: string[];
  list: ListedGroup[];
}

/** Lists the groups of records, in order of appearance. */
export function listGroups(
  records: readonly { id: string; group: string; side: Side }[],
  by: string,
): GroupList {
  const groups = new Map<string, ListedGroup>();
  for (const { id, group, side } of records) {
    const listed = groups.get(group) ?? { group, sides: [], records: [] };
    groups.set(group, listed);
    listed.records.push(id);
    if (!listed.sides.includes(side)) listed.sides.push(side);
  }
  const list = [...groups.values()];
  const on = (side: Side) => list.filter(({ sides }) => sides.includes(side)).length;
  return {
    by,
    count: list.length,
    perSide: Object.fromEntries(SIDES.map((side) => [side, on(side)])) as Record<Side, number>,
    shared: list.filter(({ sides }) => sides.length > 1).map(({ group }) => group),
    list,
  };
}
