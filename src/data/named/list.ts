/**
 * The published data sets by name, and listing their records.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../../core/errors.ts";
import { labelFilesNear } from "../label_files.ts";
import { listHeaders } from "../list_headers.ts";
import { listRhythms } from "../list_rhythms.ts";
import { listTable } from "../list_table.ts";
import type { RecordList } from "../record_list.ts";
import { CHAPMAN } from "./chapman.ts";
import { CINC2017 } from "./cinc2017.ts";
import { CPSC2018 } from "./cpsc2018.ts";
import { AFDB, LTAFDB } from "./mit_bih.ts";
import type { LabelPlace, NamedDataset } from "./named_dataset.ts";
import { PTBXL } from "./ptbxl.ts";

/** All published data sets that are described. */
export const NAMED: readonly NamedDataset[] = [
  ...[CINC2017, CPSC2018, PTBXL, CHAPMAN, AFDB, LTAFDB],
];

/** @throws {UsageError} If no data set has that name. */
export function namedDataset(name: string): NamedDataset {
  const found = NAMED.find((each) => each.name === name);
  if (found) return found;
  throw new UsageError(
    `There is no description of a data set ${JSON.stringify(name)}: expected one of ` +
      NAMED.map((each) => each.name).join(", "),
  );
}

/** The labels found in a data set, and the label file if they are in one. */
export interface FoundLabels {
  place: LabelPlace;
  file: string | undefined;
}

/**
 * Finds the labels of a data set in `source`.
 *
 * @param given The label file, if the user names one.
 * @throws {UsageError} If the folder or its labels are missing.
 */
export function findLabels(
  dataset: NamedDataset,
  source: string,
  given?: string,
): FoundLabels {
  const { name, home, holds, labels } = dataset;
  if (!fs.existsSync(source)) {
    throw new UsageError(
      `Cannot read the folder ${source} (no such folder): get ${name} from ${home} and ` +
        `name its folder with --source; it holds ${holds}`,
    );
  }
  for (const place of labels) {
    if (place.kind !== "table") return { place, file: undefined };
    const candidates = place.files.flatMap((file) => [
      path.join(source, file),
      path.join(path.dirname(source), file),
    ]);
    const file = given ?? candidates.find((each) => fs.existsSync(each));
    if (file !== undefined) return { place, file };
  }
  const [other] = labelFilesNear(source);
  const found = other === undefined
    ? ""
    : `, but ${other}: give --labels ${other} if it holds the labels in the same form`;
  throw new UsageError(
    `The folder ${source} is not ${name}: it has no ${labels.flatMap(filesOf).join(" or ")}, ` +
      `neither is one beside it${found}; expected a folder with ${holds}`,
  );
}

function filesOf(place: LabelPlace): readonly string[] {
  return place.kind === "table" ? place.files : [];
}

/** Lists the records of a data set. @throws {UsageError} For the reasons of the listing. */
export function listNamed(
  dataset: NamedDataset,
  { source, labels: { place, file }, group = dataset.group }: {
    source: string;
    labels: FoundLabels;
    group?: string | undefined;
  },
): RecordList {
  switch (place.kind) {
    case "table":
      return listTable({
        source,
        labels: file!,
        ...(place.columns ? { columns: place.columns } : {}),
        ...(place.classOf ? { classOf: place.classOf, allLabelled: false } : {}),
        group,
      });
    case "headers":
      return listHeaders({ source, classOf: place.classOf, group });
    case "rhythms": {
      const { annotator, window, classOf } = place;
      return listRhythms({ source, annotator, window, classOf, group });
    }
  }
}
