/**
 * The recordings in a folder: which file is which id.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";

/** A folder's recordings. */
export interface Source {
  /** Ids by name, each with all its files: more than one is an error of its own. */
  files: Map<string, string[]>;
  /** Bytes of all recordings. */
  bytes: number;
}

/**
 * Lists the `.mat` and `.csv` files directly inside `directory`. The label file and PhysioNet's
 * REFERENCE*.csv are no recordings; neither are hidden files.
 *
 * @throws {UsageError} If the folder is absent or holds no recordings.
 */
export function listSource(directory: string, labelFile: string): Source {
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw new UsageError(
      `Cannot read the folder ${directory} (${(error as NodeJS.ErrnoException).code ?? error}): ` +
        `name a folder of recordings with --source, or fetch PhysioNet/CinC 2017 with --download`,
    );
  }
  const labels = realPath(labelFile);
  const source: Source = { files: new Map(), bytes: 0 };
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!/^[^.].*\.(mat|csv)$/i.test(name) || /^reference.*\.csv$/i.test(name)) continue;
    const file = path.join(directory, name);
    if (realPath(file) === labels) continue;
    const id = name.slice(0, -4);
    source.files.set(id, [...(source.files.get(id) ?? []), file]);
    source.bytes += fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }
  if (source.files.size === 0) {
    throw new UsageError(
      `The folder ${directory} holds no .mat or .csv recordings: name another with --source`,
    );
  }
  return source;
}

function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}
