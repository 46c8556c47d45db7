/**
 * The recordings in a folder: which file is which id.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { recordFiles } from "./formats/record_files.ts";
import { ENDINGS } from "./formats/registry.ts";

/** A folder's recordings. */
export interface Source {
  /** Ids by name, each with all its files: more than one is an error of its own. */
  files: Map<string, string[]>;
}

/**
 * Lists the recordings directly inside `directory`, as formats/record_files.ts tells them. The label file
 * is none.
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
  const names = entries.map(({ name }) => name)
    .filter((name) => realPath(path.join(directory, name)) !== labels);
  const found = recordFiles(names, (name) => readOrNull(path.join(directory, name)));
  if (found.size === 0) {
    throw new UsageError(
      `The folder ${directory} holds no recordings (${ENDINGS.join(", ")}): ` +
        "name another with --source",
    );
  }
  const files = [...found].map(([id, each]): [string, string[]] => [
    id,
    each.map((name) => path.join(directory, name)),
  ]);
  return { files: new Map(files) };
}

function readOrNull(file: string): Uint8Array | null {
  try {
    return fs.readFileSync(file);
  } catch {
    return null;
  }
}

function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}
