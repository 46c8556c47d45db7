/**
 * The recordings that a prediction is asked for: files and folders of files.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { recordFiles } from "../data/formats/record_files.ts";
import { endingOf, ENDINGS } from "../data/formats/registry.ts";

/**
 * All recordings among `names`; a folder stands for those directly inside it, each name once.
 *
 * @throws {UsageError} If a name does not exist, is no recording, or is a folder without any.
 */
export function listInputs(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const stat = fs.statSync(name, { throwIfNoEntry: false });
    if (stat === undefined) {
      // WFDB's tools name a record without an ending.
      if (fs.existsSync(`${name}.hea`)) return [`${name}.hea`];
      throw new UsageError(`Cannot read ${name}: there is no such file`);
    }
    if (stat.isDirectory()) return listFolder(name);
    if (/\.dat$/i.test(name)) return [name.replace(/\.dat$/i, ".hea")];
    if (ENDINGS.includes(endingOf(name))) return [name];
    throw new UsageError(
      `Cannot read ${name}: a recording ends in ${ENDINGS.join(", ")} or .dat`,
    );
  });
}

function listFolder(folder: string): string[] {
  const found = recordFiles(fs.readdirSync(folder), (name) => {
    try {
      return fs.readFileSync(path.join(folder, name));
    } catch {
      return null;
    }
  });
  if (found.size === 0) {
    throw new UsageError(`The folder ${folder} holds no recordings (${ENDINGS.join(", ")})`);
  }
  // Of one recording in several formats, the one that says most.
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, files]) =>
    path.join(folder, files.toSorted((a, b) => rankOf(a) - rankOf(b))[0]!)
  );
}

function rankOf(name: string): number {
  return ENDINGS.indexOf(endingOf(name));
}
