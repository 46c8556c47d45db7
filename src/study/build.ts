/**
 * Makes every table and figure of the study from the runs in `docs/study`.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { comparisonPage } from "../compare/page.ts";
import { Failure } from "../core/errors.ts";
import { ROOT } from "../core/paths.ts";
import { filled } from "./document.ts";
import { FIGURES } from "./figures.ts";
import { type Group, groupFolders, readGroup, STUDY } from "./group.ts";

/** The documents whose regions are filled. */
export const DOCUMENTS: readonly string[] = [
  "docs/study.md",
  "docs/study-history.md",
  "docs/recipe.md",
  "README.md",
].map((file) => path.join(ROOT, file));

/** The groups by name; null for one without runs. */
export function readGroups(study: string = STUDY): Map<string, Group | null> {
  return new Map(
    groupFolders(study).map((folder) => [path.basename(folder), readGroup(folder)]),
  );
}

/** Links of a document to figures, as in `![What it shows](study/GROUP/FIGURE.svg)`. */
const FIGURE_LINK = /\]\(([^)\s]+)\.svg\)/g;

/**
 * The files of the study by path, with the text that they should have: the documents, and the figures that they show.
 *
 * @throws {Failure} If a document asks for a table or shows a figure that does not exist.
 */
export function studyFiles(
  { study = STUDY, documents = DOCUMENTS, groups = readGroups(study) }: {
    study?: string;
    documents?: readonly string[];
    groups?: ReadonlyMap<string, Group | null>;
  } = {},
): Map<string, string> {
  const files = new Map<string, string>();
  for (const document of documents) {
    const text = fs.readFileSync(document, "utf8");
    files.set(document, filled(text, groups));
    for (const [, link] of text.matchAll(FIGURE_LINK)) {
      const file = path.resolve(path.dirname(document), link!);
      const folder = path.dirname(file);
      if (path.dirname(folder) !== path.resolve(study)) continue; // a picture of another kind
      const draw = FIGURES[path.basename(file)];
      const group = groups.get(path.basename(folder));
      if (!draw || !group) {
        throw new Failure(
          `Cannot draw ${link}.svg of ${
            path.basename(document)
          }: expected a group with a finished run ` +
            `and one of the figures ${Object.keys(FIGURES).join(", ")}`,
        );
      }
      files.set(`${file}.svg`, draw(group));
    }
  }
  return files;
}

/** The comparison page of every group whose runs are compared, by its path in `folder`. */
export function studyPages(
  folder: string,
  groups: ReadonlyMap<string, Group | null>,
): Map<string, string> {
  const compared = [...groups.values()].filter((group) => group !== null && !group.trials);
  return new Map(
    compared.map((group) => [
      path.join(folder, `${group!.name}.html`),
      comparisonPage(group!.comparison),
    ]),
  );
}

/** The files that are missing or differ from what the runs give. */
export function outdated(files: ReadonlyMap<string, string>): string[] {
  return [...files].filter(([file, text]) =>
    !fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text
  ).map(([file]) => file);
}
