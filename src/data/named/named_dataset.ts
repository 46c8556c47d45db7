/**
 * What a description of a published data set says.
 *
 * @module
 */
import type { LabelColumns } from "../labels.ts";
import type { PublishedSplit } from "../split.ts";

/** A published data set: everything that `build-datasets --dataset NAME` needs to know of it. */
export interface NamedDataset {
  name: string;
  title: string;
  /** Where people get it. */
  home: string;
  /** The folder it is expected in unless --source says otherwise. */
  source: string;
  /** What lies in that folder, for the error where it does not. */
  holds: string;
  /** Where labels are: the first that is there. */
  labels: readonly LabelPlace[];
  /** The lead that is used; undefined: there is only one. */
  lead?: string;
  /** Samples per second. */
  rate: number;
  /** What belongs together, as `--group` takes it; undefined: nothing is known of it. */
  group?: string;
  /** The authors' own split. */
  split?: PublishedSplit;
}

/** Where the labels of a data set are, and what class each stands for; null: it is not used. */
export type LabelPlace =
  | {
    kind: "table";
    /** Names of the label file, inside the folder or beside it. */
    files: readonly string[];
    columns?: LabelColumns;
    classOf?: (label: string) => string | null;
  }
  | {
    /** A comment "#Dx: code,code" in each record's header, as in PhysioNet's challenge of 2020. */
    kind: "headers";
    classOf: (codes: readonly string[]) => string | null;
  }
  | {
    /** Rhythm annotations, by which long records are cut into windows. */
    kind: "rhythms";
    /** The ending of the annotation files. */
    annotator: string;
    /** Seconds. */
    window: number;
    /** @param rhythm As WFDB writes it: "(AFIB". */
    classOf: (rhythm: string) => string | null;
  };
