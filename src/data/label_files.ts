/**
 * Files near recordings that look like label files, for messages. They are never read in place of the expected one.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";

const LIKE_LABELS = /^(reference|labels?)\b.*\.(csv|tsv|txt)$/i;

/** Files inside `source`, then beside it, that are named like label files. */
export function labelFilesNear(source: string): string[] {
  return [source, path.dirname(source)].flatMap((folder) => {
    let names: string[];
    try {
      names = fs.readdirSync(folder);
    } catch {
      return []; // Whoever reads the folder says why it cannot be read.
    }
    return names.filter((name) => LIKE_LABELS.test(name)).sort()
      .map((name) => path.join(folder, name));
  });
}
