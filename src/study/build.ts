/**
 * Makes every table and figure of the study from the runs in `docs/study`.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "../core/paths.ts";
import { filled } from "./document.ts";
import { FIGURES } from "./figures.ts";
import { type Group, groupFolders, readGroup, STUDY } from "./group.ts";

/** The documents whose regions are filled. */
export const DOCUMENTS: readonly string[] = ["docs/study.md", "README.md"].map((file) =>
  path.join(ROOT, file)
);

/** The files of the study by path, with the text that they should have. */
export function studyFiles(
  { study = STUDY, documents = DOCUMENTS }: { study?: string; documents?: readonly string[] } = {},
): Map<string, string> {
  const groups = new Map<string, Group | null>(
    groupFolders(study).map((folder) => [path.basename(folder), readGroup(folder)]),
  );
  const files = new Map<string, string>();
  for (const document of documents) {
    files.set(document, filled(fs.readFileSync(document, "utf8"), groups));
  }
  for (const [name, group] of groups) {
    for (const [figure, draw] of Object.entries(FIGURES)) {
      if (group) files.set(path.join(study, name, `${figure}.svg`), draw(group));
    }
  }
  return files;
}

/** The files that are missing or differ from what the runs give. */
export function outdated(files: ReadonlyMap<string, string>): string[] {
  return [...files].filter(([file, text]) =>
    !fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text
  ).map(([file]) => file);
}
