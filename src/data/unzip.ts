/**
 * Reads zip archives from untrusted sources: every name, size and checksum is verified before a byte of an
 * entry is used. Only one entry is in memory at a time.
 *
 * @module
 */
import { inflateSync } from "fflate";
import * as fs from "node:fs";
import * as path from "node:path";
import { crc32 } from "node:zlib";
import { Failure, messageOf } from "../core/errors.ts";

/** A file in an archive. */
export interface ZipEntry {
  /** Its path in the archive, with forward slashes. */
  name: string;
  /** Bytes when unpacked. */
  size: number;
  compressedSize: number;
  crc: number;
  /** 0 stored, 8 deflated. */
  method: number;
  /** Where its local header is. */
  offset: number;
}

/** An archive that is open for reading. */
export interface Zip extends Disposable {
  /** Files, without folders, in archive order. */
  entries: ZipEntry[];
  /** The verified contents of an entry. */
  read(entry: ZipEntry): Uint8Array;
}

const END_SIGNATURE = 0x06054b50;
const END_SIZE = 22;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_SIZE = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_SIZE = 30;
const MAX_COMMENT = 0xffff;
/** Largest expansion of a deflate stream: a match of 258 bytes needs at least two bits. */
const MAX_EXPANSION = 1032;

/**
 * Opens an archive and reads its directory.
 *
 * @param limit The most bytes that all files together may unpack to.
 * @throws {Failure} If the archive is damaged, encrypted, of an unsupported kind, larger than `limit`,
 * or contains a name that would leave the folder it is unpacked to.
 */
export function openZip(file: string, { limit }: { limit: number }): Zip {
  const handle = fs.openSync(file, "r");
  try {
    const entries = readDirectory(handle, file);
    checkEntries(entries, { file, limit, bytes: fs.fstatSync(handle).size });
    return {
      entries,
      read: (entry) => readEntry(handle, { entry, file }),
      [Symbol.dispose]: () => fs.closeSync(handle),
    };
  } catch (error) {
    fs.closeSync(handle);
    throw error;
  }
}

/**
 * Unpacks the files below `folder` of an archive into `directory`, without that leading folder.
 *
 * @returns How many files were written.
 */
export function unpack(
  zip: Zip,
  { folder, directory }: { folder: string; directory: string },
): number {
  const prefix = folder === "" ? "" : `${folder}/`;
  const entries = zip.entries.filter(({ name }) => name.startsWith(prefix));
  for (const entry of entries) {
    const file = path.join(directory, entry.name.slice(prefix.length));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, zip.read(entry));
  }
  return entries.length;
}

function damaged(file: string, why: string): Failure {
  return new Failure(`The archive ${file} cannot be used: ${why}`);
}

function readAt(handle: number, { at, length }: { at: number; length: number }): DataView {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const read = fs.readSync(handle, bytes, done, length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return new DataView(bytes.buffer, 0, done);
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function readDirectory(handle: number, file: string): ZipEntry[] {
  const total = fs.fstatSync(handle).size;
  const tailLength = Math.min(total, END_SIZE + MAX_COMMENT);
  const tail = readAt(handle, { at: total - tailLength, length: tailLength });
  let end = tail.byteLength - END_SIZE;
  while (end >= 0 && tail.getUint32(end, true) !== END_SIGNATURE) end--;
  if (end < 0) throw damaged(file, "it has no directory at its end; it is cut off or not a zip");
  const count = tail.getUint16(end + 10, true);
  const length = tail.getUint32(end + 12, true);
  const at = tail.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) throw damaged(file, "zip64 is not supported");
  if (at + length > total) throw damaged(file, "its directory is cut off");

  const view = readAt(handle, { at, length });
  const entries: ZipEntry[] = [];
  let position = 0;
  for (let i = 0; i < count; i++) {
    if (
      position + CENTRAL_SIZE > view.byteLength ||
      view.getUint32(position, true) !== CENTRAL_SIGNATURE
    ) throw damaged(file, `entry ${i} of its directory is broken`);
    const nameLength = view.getUint16(position + 28, true);
    const next = position + CENTRAL_SIZE + nameLength + view.getUint16(position + 30, true) +
      view.getUint16(position + 32, true);
    if (next > view.byteLength) throw damaged(file, `entry ${i} of its directory is cut off`);
    const start = position + CENTRAL_SIZE;
    const name = new TextDecoder().decode(bytesOf(view).subarray(start, start + nameLength));
    if (view.getUint16(position + 8, true) & 1) throw damaged(file, `${name} is encrypted`);
    if (!name.endsWith("/")) {
      entries.push({
        name,
        method: view.getUint16(position + 10, true),
        crc: view.getUint32(position + 16, true),
        compressedSize: view.getUint32(position + 20, true),
        size: view.getUint32(position + 24, true),
        offset: view.getUint32(position + 42, true),
      });
    }
    position = next;
  }
  return entries;
}

function checkEntries(
  entries: readonly ZipEntry[],
  { file, limit, bytes }: { file: string; limit: number; bytes: number },
): void {
  const names = new Set<string>();
  let total = 0;
  for (const { name, size, compressedSize, method } of entries) {
    const shown = JSON.stringify(name);
    const parts = name.split("/");
    if (name.includes("\0") || /[\\:]/.test(name) || parts.some((p) => /^\.{0,2}$/.test(p))) {
      throw damaged(file, `the name ${shown} is not a plain path inside a folder`);
    }
    if (names.has(name)) throw damaged(file, `it holds ${shown} twice`);
    names.add(name);
    if (method !== 0 && method !== 8) {
      throw damaged(file, `${shown} is packed by method ${method}; only deflate is supported`);
    }
    if (compressedSize > bytes) throw damaged(file, `${shown} is cut off`);
    if (size > compressedSize * MAX_EXPANSION) {
      throw damaged(file, `${shown} claims ${size} bytes from ${compressedSize}, which cannot be`);
    }
    total += size;
  }
  if (total > limit) throw damaged(file, `it would unpack to ${total} bytes, more than ${limit}`);
}

function readEntry(
  handle: number,
  { entry, file }: { entry: ZipEntry; file: string },
): Uint8Array {
  const { name, offset, compressedSize, size, method, crc } = entry;
  const local = readAt(handle, { at: offset, length: LOCAL_SIZE });
  if (local.byteLength < LOCAL_SIZE || local.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw damaged(file, `${name} is not where its directory says`);
  }
  const at = offset + LOCAL_SIZE + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = bytesOf(readAt(handle, { at, length: compressedSize }));
  if (packed.length < compressedSize) throw damaged(file, `${name} is cut off`);
  let contents = packed;
  if (method === 8) {
    try {
      // The buffer is one byte larger than claimed, to detect a stream that yields more.
      contents = inflateSync(packed, { out: new Uint8Array(size + 1) });
    } catch (error) {
      throw damaged(file, `${name} does not unpack (${messageOf(error)})`);
    }
  }
  if (contents.length !== size) {
    throw damaged(file, `${name} unpacks to another length than the ${size} bytes it claims`);
  }
  if (crc32(contents) !== crc) throw damaged(file, `${name} does not match its checksum`);
  return contents;
}
