/**
 * Files that are either the old one or the new one, never something in between.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";

/** What a file is to hold: text, bytes, or pieces of bytes that are written one after the other. */
export type Contents = string | Uint8Array | readonly Uint8Array[];

/**
 * Writes `contents` to a temporary name in the same directory, flushes it to disk and renames it
 * over `file`, so that a reader (or a process restarted after a kill) never sees half a file.
 */
export function writeFileAtomic(file: string, contents: Contents): void {
  writeFilesAtomic([[file, contents]]);
}

/**
 * Writes several files so that no failure while writing (a full disk) changes any of them: all go to
 * temporary names first, then the renames follow in the order given. A crash between two renames
 * leaves each file whole, but some old and some new: put the file that readers check last.
 */
export function writeFilesAtomic(files: readonly (readonly [string, Contents])[]): void {
  const renames: [from: string, to: string][] = [];
  try {
    for (const [file, contents] of files) {
      const directory = path.dirname(file);
      fs.mkdirSync(directory, { recursive: true });
      const temporary = path.join(directory, `.${path.basename(file)}.${Deno.pid}.tmp`);
      renames.push([temporary, file]);
      writeAndFlush(temporary, contents);
    }
    for (const [temporary, file] of renames) fs.renameSync(temporary, file);
  } catch (error) {
    for (const [temporary] of renames) fs.rmSync(temporary, { force: true });
    throw error;
  }
  for (const directory of new Set(files.map(([file]) => path.dirname(file)))) {
    syncDirectory(directory);
  }
}

function writeAndFlush(file: string, contents: Contents): void {
  const handle = fs.openSync(file, "w");
  try {
    for (const bytes of piecesOf(contents)) {
      for (let done = 0; done < bytes.length;) {
        done += fs.writeSync(handle, bytes, done, bytes.length - done);
      }
    }
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

function piecesOf(contents: Contents): readonly Uint8Array[] {
  if (typeof contents === "string") return [new TextEncoder().encode(contents)];
  return contents instanceof Uint8Array ? [contents] : contents;
}

/** Makes a rename in `directory` durable. */
function syncDirectory(directory: string): void {
  const handle = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** The text of `value` as {@linkcode writeJson} writes it: two-space indentation, a final newline. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

/** JSON with two-space indentation and a final newline, written atomically. */
export function writeJson(file: string, value: unknown): void {
  writeFileAtomic(file, jsonText(value));
}
