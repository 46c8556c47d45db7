/**
 * Finds the recordings below a folder and the files of each.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { recordFiles } from "./formats/record_files.ts";
import { ENDINGS } from "./formats/registry.ts";
import { withoutEnding } from "./record_name.ts";

/** The recordings below a folder. */
export interface Source {
  /**
   * Files of each record by id, which is the path from the folder without the ending ("A00/A00012"). Several
   * files are an error; no file means that RECORDS names a record that is missing.
   */
  files: Map<string, string[]>;
  /** Recordings that the RECORDS file of their folder does not list. They are left out. */
  unlisted: string[];
}

/** PhysioNet's list of a folder's records, one path a line; a path that ends in "/" is a folder. */
const LIST = "RECORDS";

/**
 * Lists the recordings in `directory` and the folders below it. In a folder with a RECORDS file, only the
 * recordings listed there count. formats/record_files.ts decides what a recording is; the label file is not.
 *
 * @param advice What the user can do if there are none.
 * @throws {UsageError} If the folder is absent or holds no recordings.
 */
export function listSource(
  directory: string,
  { labelFile, advice = "name another with --source" }: { labelFile?: string; advice?: string } =
    {},
): Source {
  const labels = labelFile === undefined ? undefined : realPath(labelFile);
  const root = readFolder(directory, { labels, above: [] });
  const files = new Map<string, string[]>();
  keepListed(root, { prefix: "", files });
  if (files.size === 0) {
    throw new UsageError(
      `The folder ${directory} holds no recordings (${
        ENDINGS.join(", ")
      }), and the folders below ` +
        `it hold none${othersIn(root)}: ${advice}`,
    );
  }
  return { files, unlisted: idsOf(root, "").filter((id) => !files.has(id)) };
}

/** The contents of a folder. */
interface Folder {
  /** Recordings by name without ending. */
  files: Map<string, string[]>;
  folders: Map<string, Folder>;
  /** The lines of its RECORDS file. */
  list: string[] | undefined;
  /** Endings of its other files, one for each. */
  others: string[];
}

function readFolder(
  directory: string,
  { labels, above }: { labels: string | undefined; above: readonly string[] },
): Folder {
  const folder: Folder = { files: new Map(), folders: new Map(), list: undefined, others: [] };
  const real = realPath(directory);
  if (above.includes(real)) return folder; // A link points to a folder above.
  const names: string[] = [];
  for (const { name, isFolder } of entriesOf(directory, above.length === 0)) {
    const file = path.join(directory, name);
    if (isFolder) {
      folder.folders.set(name, readFolder(file, { labels, above: [...above, real] }));
    } else if (name === LIST) {
      folder.list = readRecords(file);
    } else if (labels === undefined || realPath(file) !== labels) {
      names.push(name);
    }
  }
  for (const [id, own] of recordFiles(names, (name) => readOrNull(path.join(directory, name)))) {
    folder.files.set(id, own.map((name) => path.join(directory, name)));
  }
  folder.others = names.map((name) => path.extname(name).toLowerCase())
    .filter((ending) => ending !== "" && !ENDINGS.includes(ending));
  return folder;
}

const SHOWN_ENDINGS = 3;

/** What lies in a folder and below it instead of recordings, as a clause: a user may have expected it to be read. */
function othersIn(root: Folder): string {
  const counts = new Map<string, number>();
  const count = ({ others, folders }: Folder): void => {
    for (const ending of others) counts.set(ending, (counts.get(ending) ?? 0) + 1);
    for (const inner of folders.values()) count(inner);
  };
  count(root);
  const found = [...counts].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_ENDINGS);
  if (found.length === 0) return "";
  const unpack = counts.has(".zip") ? ", which must be unpacked first" : "";
  return `; there ${found[0]![1] === 1 && found.length === 1 ? "is" : "are"} ` +
    found.map(([ending, files]) => counted(files, `${ending} file`)).join(", ") + unpack;
}

/** Adds to `files` the recordings that RECORDS files list, in `folder` and below; without RECORDS, all. */
function keepListed(
  folder: Folder,
  { prefix, files }: { prefix: string; files: Map<string, string[]> },
): void {
  if (!folder.list) {
    for (const [name, own] of folder.files) files.set(prefix + name, own);
    for (const [name, inner] of folder.folders) {
      keepListed(inner, { prefix: `${prefix}${name}/`, files });
    }
    return;
  }
  for (const line of folder.list) {
    const parts = line.split("/").filter((part) => part !== "");
    const name = withoutEnding(parts.at(-1)!);
    if (line.endsWith("/")) {
      const inner = folderAt(folder, parts);
      const id = prefix + parts.join("/");
      if (inner) keepListed(inner, { prefix: `${id}/`, files });
      else files.set(id, []);
      continue;
    }
    const id = prefix + [...parts.slice(0, -1), name].join("/");
    files.set(id, folderAt(folder, parts.slice(0, -1))?.files.get(name) ?? []);
  }
}

function folderAt(folder: Folder, parts: readonly string[]): Folder | undefined {
  return parts.reduce<Folder | undefined>((at, part) => at?.folders.get(part), folder);
}

function idsOf(folder: Folder, prefix: string): string[] {
  const own = [...folder.files.keys()].map((name) => prefix + name);
  const inner = [...folder.folders].flatMap(([name, at]) => idsOf(at, `${prefix}${name}/`));
  return [...own, ...inner];
}

function entriesOf(directory: string, isSource: boolean): { name: string; isFolder: boolean }[] {
  try {
    return fs.readdirSync(directory, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => ({ name: entry.name, isFolder: isFolder(directory, entry) }));
  } catch (error) {
    throw new UsageError(
      `Cannot read the folder ${directory} (${whyUnreadable(error, "folder")}): ` +
        (isSource
          ? "name a folder of recordings with --source, or fetch PhysioNet/CinC 2017 with --download"
          : "make it readable, or move it out of the source"),
    );
  }
}

function isFolder(directory: string, entry: fs.Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const file = path.join(directory, entry.name);
  return fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * The records that a RECORDS file names, as paths from its folder.
 *
 * @throws {UsageError} If it cannot be read, or names a record outside its folder.
 */
export function readRecords(file: string): string[] {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read ${file} (${whyUnreadable(error)})`);
  }
  const names = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/).map((line) => line.trim());
  return names.filter((name) => name !== "").map((name) => {
    const clean = path.posix.normalize(name);
    if (!/^(\/|\.\.?(\/|$))/.test(clean) && !/[\0\ufffd]/.test(name)) return clean;
    throw new UsageError(
      `Cannot use ${file}: it names ${
        JSON.stringify(name)
      }, expected a record in its own folder or ` +
        "below it",
    );
  });
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
