/**
 * The label file of build-datasets without --labels.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { shellWords } from "../core/shell.ts";
import { labelFilesNear } from "../data/label_files.ts";
import { type LabelColumns, readLabels } from "../data/labels.ts";
import { NAMED } from "../data/named/list.ts";

/** PhysioNet/CinC 2017's latest labels. */
export const LABELS = "REFERENCE-v3.csv";

/**
 * The file beside or inside `source`.
 *
 * @throws {UsageError} If there is none, but another file is named like labels: what it is good for.
 */
export function defaultLabels(source: string, columns: LabelColumns): string {
  const beside = path.join(path.dirname(source), LABELS);
  const inside = path.join(source, LABELS);
  if (fs.existsSync(beside)) return beside;
  if (fs.existsSync(inside)) return inside;
  const [other] = labelFilesNear(source);
  if (other === undefined) return beside; // Whoever reads it says that it is missing.
  const labels = shellWords(["--labels", other]);
  const why = whyUnusable(other, columns);
  const published = NAMED.flatMap(({ name, title, labels }) =>
    labels.some((place) => place.kind === "table" && place.files.includes(path.basename(other)))
      ? [`; if these are the recordings of ${title}, use --dataset ${name}`]
      : []
  );
  throw new UsageError(
    `There is no ${LABELS} beside or inside ${source}, but there is ${other}: ` +
      (why === null
        ? `if these are the labels, give ${labels}`
        : `with ${labels} it ends with "${why}"`) +
      published.join(""),
  );
}

/** Why a label file cannot be read with these columns, in a sentence; null if it can. */
function whyUnusable(file: string, columns: LabelColumns): string | null {
  try {
    readLabels(file, () => false, columns);
    return null;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
