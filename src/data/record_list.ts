/**
 * The list of records of a data set, before any signal is read.
 *
 * @module
 */
import type { LabelRow } from "./labels.ts";
import type { Problem } from "./problem.ts";

/** A record to read. */
export interface WantedRecord {
  id: string;
  label: string;
  /** Its group, e.g. a patient; absent if no groups were asked for. */
  group?: string;
  /** The published fold that it is in; absent if there is none. */
  fold?: string;
  file: string;
  /** The part of the file in seconds; absent for the whole file. */
  window?: { from: number; to: number };
}

/** Everything that a source lists. */
export interface RecordList {
  /** Records in the order of the labels. Unusable records are included, with the reason. */
  entries: (WantedRecord | Problem)[];
  /** The rows of the label file; empty if labels come from elsewhere. */
  rows: LabelRow[];
  /** What had to be assumed or was not used, one sentence each. */
  notes: string[];
  /** How groups were found, e.g. "column patient_id"; undefined without groups. */
  groupedBy: string | undefined;
}

/** Whether an entry cannot be used. */
export function isProblem(entry: WantedRecord | Problem): entry is Problem {
  return "reason" in entry;
}
