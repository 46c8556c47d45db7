/**
 * The description of a published data set.
 *
 * @module
 */
import type { LabelColumns } from "../labels.ts";
import type { PublishedSplit } from "../split.ts";

/** A published data set: everything that `build-datasets --dataset NAME` needs to know about it. */
export interface NamedDataset {
  name: string;
  title: string;
  /** Web page from which users get it. */
  home: string;
  /** The default of --source. */
  source: string;
  /** The contents of that folder, for the error if they are missing. */
  holds: string;
  /** Possible sources of labels; the first that exists is used. */
  labels: readonly LabelPlace[];
  /** The lead that is used; undefined if there is only one. */
  lead?: string;
  /** Samples per second. */
  rate: number;
  /** The groups, in the form of `--group`; undefined if they are not known. */
  group?: string;
  /** The authors' own split. */
  split?: PublishedSplit;
}

/** A source of labels, and the class of each label; null for a label that is not used. */
export type LabelPlace =
  | {
    kind: "table";
    /** Names of the label file, inside or beside the folder. */
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
    /** Length of a window in seconds. */
    window: number;
    /** @param rhythm As WFDB writes it: "(AFIB". */
    classOf: (rhythm: string) => string | null;
  };
