/**
 * Which records a data set is to have, before any signal is read.
 *
 * @module
 */
import type { LabelRow } from "./labels.ts";
import type { Problem } from "./problem.ts";

/** A record that is to be read. */
export interface WantedRecord {
  id: string;
  label: string;
  /** What it belongs to, e.g. a patient; absent if that is not asked for. */
  group?: string;
  /** The published fold that it is in; absent if there is none. */
  fold?: string;
  file: string;
  /** The part of the file that it is, in seconds; absent: all of it. */
  window?: { from: number; to: number };
}

/** Everything that a source lists. */
export interface RecordList {
  /** In the order of the labels; those that cannot be used stand among them with the reason. */
  entries: (WantedRecord | Problem)[];
  /** The label file as it is; empty where labels are elsewhere. */
  rows: LabelRow[];
  /** What had to be assumed or was not used, one sentence each. */
  notes: string[];
  /** How groups were found, e.g. "column patient_id"; undefined without groups. */
  groupedBy: string | undefined;
}

/** Whether an entry is one that cannot be used. */
export function isProblem(entry: WantedRecord | Problem): entry is Problem {
  return "reason" in entry;
}
