/**
 * Lists the recordings to predict: files and folders of files.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { statIfThere } from "../core/files.ts";
import { fullestOf } from "../data/formats/record_files.ts";
import { endingOf, ENDINGS } from "../data/formats/registry.ts";
import { listSource } from "../data/source.ts";

/**
 * All recordings among `names`. A folder stands for the recordings that its RECORDS file lists, or else for
 * all recordings in it and below it, each name once.
 *
 * @throws {UsageError} If a name does not exist, is not a recording, or is a folder without recordings.
 */
export function listInputs(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const stat = statIfThere(name);
    if (stat === undefined) {
      // WFDB's tools name a record without the ending of its file.
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
  const { files } = listSource(folder, { advice: "name another folder, or files" });
  // If a recording has several formats, take the most complete one; if its data are missing, the header.
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, own]) =>
    fullestOf(own) ?? path.join(folder, `${id}.hea`)
  );
}
