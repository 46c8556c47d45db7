/**
 * Writes files atomically: a file is always the old or the new one, never a mixture.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, messageOf, UsageError } from "./errors.ts";

/** The contents of a file: text, bytes, or pieces of bytes that are written one after the other. */
export type Contents = string | Uint8Array | readonly Uint8Array[];

/**
 * Writes `contents` to a temporary name in the same directory, flushes it to disk and renames it
 * over `file`, so that a reader (or a process restarted after a kill) never sees half a file.
 *
 * @param options.previous Path to which the old file is moved, replacing any file there. A crash can leave the
 *   old file there and no `file`, so readers look at both.
 * @throws {UsageError} If there is a folder of that name.
 * @throws {Failure} If it cannot be written; the old file is then unchanged at `file` or at `previous`.
 */
export function writeFileAtomic(
  file: string,
  contents: Contents,
  options: { previous?: string } = {},
): void {
  writeFiles([[file, contents]], options);
}

/**
 * Writes several files so that a failure while writing (e.g. a full disk) changes none of them. All are first
 * written under temporary names, then renamed in the given order. A crash between two renames leaves each
 * file whole, but some old and some new, so the file that readers check must come last.
 *
 * @throws {UsageError} If there is a folder in the place of one.
 * @throws {Failure} If one cannot be written.
 */
export function writeFilesAtomic(files: readonly (readonly [string, Contents])[]): void {
  writeFiles(files, {});
}

/** @throws {UsageError} If there is a file of that name, or a folder that is not empty. */
export function refuseFilled(folder: string): void {
  const there = whatLiesAt(folder);
  if (there === undefined || (there.isDirectory() && fs.readdirSync(folder).length === 0)) return;
  const what = there.isDirectory() ? "there is a folder with files" : "there is a file";
  throw new UsageError(`Cannot write the folder ${folder}: ${what}; name another or remove it`);
}

/**
 * Writes a new folder so that a failure or a crash leaves no part of it.
 *
 * @param files Paths inside the folder, with their contents.
 * @throws {UsageError} As {@linkcode refuseFilled}.
 * @throws {Failure} If it cannot be written.
 */
export function writeFolderAtomic(
  folder: string,
  files: readonly (readonly [string, Contents])[],
): void {
  refuseFilled(folder);
  const temporary = temporaryName(folder);
  let current = folder;
  try {
    for (const [name, contents] of files) {
      current = path.join(temporary, name);
      fs.mkdirSync(path.dirname(current), { recursive: true });
      writeAndFlush(current, contents);
    }
    current = folder;
    fs.renameSync(temporary, folder);
    syncDirectory(path.dirname(folder));
  } catch (error) {
    removeQuietly(temporary);
    throw new Failure(`Cannot write ${current}: ${whyUnwritable(error)}`);
  }
}

function writeFiles(
  files: readonly (readonly [string, Contents])[],
  { previous }: { previous?: string },
): void {
  const renames: [from: string, to: string][] = [];
  for (const [file] of files) {
    if (whatLiesAt(file)?.isDirectory()) {
      throw new UsageError(`Cannot write ${file}: it is a folder; name a file`);
    }
  }
  let current = "";
  try {
    for (const [file, contents] of files) {
      current = file;
      const directory = path.dirname(file);
      fs.mkdirSync(directory, { recursive: true });
      const temporary = temporaryName(file);
      renames.push([temporary, file]);
      writeAndFlush(temporary, contents);
    }
    for (const [temporary, file] of renames) {
      current = file;
      if (previous !== undefined && fs.existsSync(file)) fs.renameSync(file, previous);
      fs.renameSync(temporary, file);
    }
    for (const directory of new Set(files.map(([file]) => path.dirname(file)))) {
      current = directory;
      syncDirectory(directory);
    }
  } catch (error) {
    for (const [temporary] of renames) removeQuietly(temporary);
    throw new Failure(`Cannot write ${current}: ${whyUnwritable(error)}`);
  }
}

/**
 * What lies at a place to write to; undefined if nothing does.
 *
 * @throws {UsageError} If a part of its path is a file.
 */
export function whatLiesAt(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") {
      throw new UsageError(`Cannot write ${file}: a part of this path is a file, not a folder`);
    }
    throw new Failure(`Cannot write ${file}: ${whyUnwritable(error)}`);
  }
}

/** The status of a file or folder to read; undefined if there is none. */
export function statIfThere(name: string): fs.Stats | undefined {
  try {
    return fs.statSync(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UsageError(`Cannot read ${name} (${whyUnreadable(error)})`);
  }
}

function temporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${Deno.pid}.tmp`);
}

/** Removes a file or folder and ignores errors, because the error that led here is the one to report. */
function removeQuietly(file: string): void {
  try {
    fs.rmSync(file, { force: true, recursive: true });
  } catch {
    // The temporary file is left.
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "there is no space left on the disk; make room and try again",
  EDQUOT: "the disk quota is used up; make room and try again",
  EIO: "the disk reports an input/output error",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOENT: "its folder does not exist and cannot be made",
  ENAMETOOLONG: "the name is too long",
};

/** Why something cannot be written, as a clause with the system's code. */
export function whyUnwritable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reason = REASONS[code];
  return reason === undefined ? messageOf(error) : `${reason} (${code})`;
}

/**
 * Removes the temporary files of killed writes from `directory`. Use it only for a directory that no other
 * process writes to.
 */
export function removeTemporaryFiles(directory: string): void {
  for (const name of fs.readdirSync(directory)) {
    if (/^\..+\.\d+\.tmp$/.test(name)) fs.rmSync(path.join(directory, name), { force: true });
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

function piecesOf(contents: Contents): Iterable<Uint8Array> {
  if (typeof contents === "string") return [new TextEncoder().encode(contents)];
  return contents instanceof Uint8Array ? [contents] : joined(contents);
}

/** Small pieces are copied together up to this many bytes, to save system calls; large pieces are not copied. */
const WORTH_A_CALL = 1 << 16;

function* joined(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  const buffer = new Uint8Array(WORTH_A_CALL);
  let filled = 0;
  for (const piece of pieces) {
    if (filled + piece.length > buffer.length) {
      yield buffer.subarray(0, filled);
      filled = 0;
    }
    if (piece.length > buffer.length) {
      yield piece;
    } else {
      buffer.set(piece, filled);
      filled += piece.length;
    }
  }
  yield buffer.subarray(0, filled);
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

/** Why a file or folder that a user named cannot be read, as the end of a sentence. */
export function whyUnreadable(error: unknown, what: "file" | "folder" = "file"): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return `no such ${what}`;
    case "ENOTDIR":
      return what === "folder" ? "it is a file, not a folder" : "no such file";
    case "EISDIR":
      return "it is a folder, not a file";
    case "EACCES":
    case "EPERM":
      return "this user may not read it";
    default:
      return messageOf(error);
  }
}

/**
 * The value in a JSON file that the user named.
 *
 * @param what For messages, such as "the plan".
 * @throws {UsageError} If it cannot be read or is not JSON.
 */
export function readJsonInput(file: string, what: string): unknown {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read ${what} ${file}: ${whyUnreadable(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Cannot use ${what} ${file}: it is not JSON (${messageOf(error)})`);
  }
}
