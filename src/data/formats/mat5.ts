/**
 * MATLAB version 5 files (save -v6, -v7), as described in "MAT-File Format". A file is a list of elements,
 * each a tag (type and length) and data. Variables are matrix elements, which may be compressed with zlib.
 *
 * @module
 */
import { Unzlib } from "fflate";
import { BadRecord } from "../problem.ts";
import { ascii, viewOf } from "./bytes.ts";
import { leadsOfMatrices, type Matrix } from "./matrix.ts";
import type { SignalFile } from "./signal_file.ts";

const HEADER = 128;
const MAGIC = /^MATLAB 5\.0/;
/** Most bytes of one variable after decompression. */
const MOST_BYTES = 2 ** 30;
/** Deepest nesting of structures. */
const DEEPEST = 8;

const MATRIX = 14;
const COMPRESSED = 15;

type Decoder = (view: DataView, at: number, little: boolean) => number;

/** Types of elements that hold numbers. */
const NUMBERS: Readonly<Record<number, { bytes: number; decode: Decoder }>> = {
  1: { bytes: 1, decode: (view, at) => view.getInt8(at) },
  2: { bytes: 1, decode: (view, at) => view.getUint8(at) },
  3: { bytes: 2, decode: (view, at, little) => view.getInt16(at, little) },
  4: { bytes: 2, decode: (view, at, little) => view.getUint16(at, little) },
  5: { bytes: 4, decode: (view, at, little) => view.getInt32(at, little) },
  6: { bytes: 4, decode: (view, at, little) => view.getUint32(at, little) },
  7: { bytes: 4, decode: (view, at, little) => view.getFloat32(at, little) },
  9: { bytes: 8, decode: (view, at, little) => view.getFloat64(at, little) },
  12: { bytes: 8, decode: (view, at, little) => Number(view.getBigInt64(at, little)) },
  13: { bytes: 8, decode: (view, at, little) => Number(view.getBigUint64(at, little)) },
};
const STRUCTURE = 2;
const OBJECT = 3;
const FIRST_NUMERIC = 6;
const LAST_NUMERIC = 15;
const INT16 = 10;
const COMPLEX = 0x08;

/** Whether the header says version 5. */
export function isMat5(bytes: Uint8Array): boolean {
  return MAGIC.test(ascii(bytes, 0, 10));
}

/** @throws {BadRecord} If the file is cut off or damaged, or contains no signal. */
export function readMat5(bytes: Uint8Array): SignalFile {
  const endian = ascii(bytes, 126, 2);
  if (bytes.length < HEADER || (endian !== "IM" && endian !== "MI")) {
    throw new BadRecord("truncated", `${bytes.length} bytes, not a whole header of MATLAB v5`);
  }
  const reader = { bytes, little: endian === "IM" };
  const matrices: Matrix[] = [];
  for (let at = HEADER; at < bytes.length;) {
    const element = elementAt(reader, at);
    at = element.type === COMPRESSED ? element.start + element.length : element.next;
    if (element.type === COMPRESSED) {
      const inflated = inflate(bytes.subarray(element.start, element.start + element.length));
      const inner = { bytes: inflated, little: reader.little };
      collect(inner, elementAt(inner, 0), { prefix: "", depth: 0, into: matrices });
    } else {
      collect(reader, element, { prefix: "", depth: 0, into: matrices });
    }
  }
  return leadsOfMatrices(matrices);
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly little: boolean;
}

interface Element {
  readonly type: number;
  readonly start: number;
  readonly length: number;
  /** Where the next element begins: elements are padded to 8 bytes. */
  readonly next: number;
}

function elementAt({ bytes, little }: Reader, at: number): Element {
  if (at + 8 > bytes.length) throw cut(bytes.length, at + 8);
  const view = viewOf(bytes);
  const type = view.getUint32(at, little);
  const small = type >>> 16;
  if (small !== 0) { // Up to four bytes of data are in the tag itself.
    if (small > 4) throw damaged(`an element of ${small} bytes in a tag`);
    return { type: type & 0xffff, start: at + 4, length: small, next: at + 8 };
  }
  const length = view.getUint32(at + 4, little);
  const end = at + 8 + length;
  if (end > bytes.length) throw cut(bytes.length, end);
  return { type, start: at + 8, length, next: Math.ceil(end / 8) * 8 };
}

function cut(have: number, need: number): BadRecord {
  return new BadRecord("truncated", `${have} bytes, but its elements need ${need}`);
}

function damaged(what: string): BadRecord {
  return new BadRecord("unreadable", `it is a damaged MATLAB v5 file: ${what}`);
}

/** Adds a variable's matrix, or those of a structure's fields as `variable.field`. */
function collect(
  reader: Reader,
  element: Element,
  { prefix, depth, into }: { prefix: string; depth: number; into: Matrix[] },
): void {
  if (element.type !== MATRIX || element.length === 0) return;
  if (depth > DEEPEST) throw damaged("structures in structures without end");
  const parts: Element[] = [];
  const end = element.start + element.length;
  for (let at = element.start; at < end && at < reader.bytes.length;) {
    const part = elementAt(reader, at);
    parts.push(part);
    at = part.next;
  }
  const view = viewOf(reader.bytes);
  const [flags, sizes, title, ...content] = parts;
  if (!flags || !sizes || !title || flags.length < 8) throw damaged("a matrix without a header");
  const kind = view.getUint8(flags.start + (reader.little ? 0 : 3));
  const special = view.getUint8(flags.start + (reader.little ? 1 : 2));
  const dimensions = Array.from(
    { length: sizes.length >> 2 },
    (_, i) => view.getInt32(sizes.start + 4 * i, reader.little),
  );
  const own = ascii(reader.bytes, title.start, title.length);
  const name = prefix === "" || own === "" ? prefix || own : `${prefix}.${own}`;
  if (kind === STRUCTURE || kind === OBJECT) {
    const [lengthOf, names, ...fields] = kind === OBJECT ? content.slice(1) : content;
    if (!lengthOf || !names || lengthOf.length < 4) throw damaged("a structure without fields");
    const width = view.getInt32(lengthOf.start, reader.little);
    if (width < 1) throw damaged(`field names of ${width} bytes`);
    fields.forEach((field, i) => {
      if ((i + 1) * width > names.length) return; // Further elements of an array of structures.
      const text = ascii(reader.bytes, names.start + i * width, width).replace(/\0[^]*$/, "");
      collect(reader, field, { prefix: `${name}.${text}`, depth: depth + 1, into });
    });
    return;
  }
  const [real] = content;
  if (kind < FIRST_NUMERIC || kind > LAST_NUMERIC || (special & COMPLEX) !== 0 || !real) return;
  const matrix = matrixOf(reader, { name, dimensions, real, kind });
  if (matrix) into.push(matrix);
}

function matrixOf(
  { bytes, little }: Reader,
  { name, dimensions, real, kind }: {
    name: string;
    dimensions: readonly number[];
    real: Element;
    kind: number;
  },
): Matrix | null {
  const sides = dimensions.length > 2 ? dimensions.filter((side) => side !== 1) : dimensions;
  const [rows = 1, columns = 1] = sides;
  if (sides.length > 2 || rows < 0 || columns < 0) return null;
  const value = NUMBERS[real.type];
  if (!value) throw damaged(`${name} has numbers of type ${real.type}`);
  if (rows * columns * value.bytes > real.length) {
    throw new BadRecord(
      "truncated",
      `${name} is ${rows} x ${columns}, but has ${Math.floor(real.length / value.bytes)} numbers`,
    );
  }
  const view = viewOf(bytes);
  return {
    name,
    rows,
    columns,
    at: (i) => value.decode(view, real.start + i * value.bytes, little),
    missing: kind === INT16 ? -32768 : null,
  };
}

function inflate(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Unzlib((chunk) => {
    total += chunk.length;
    if (total > MOST_BYTES) throw damaged("a variable of more than a gigabyte");
    chunks.push(chunk);
  });
  try {
    // Decompressed in small pieces, so that data of excessive size are noticed early.
    const piece = 2 ** 16;
    for (let at = 0; at < bytes.length; at += piece) {
      stream.push(bytes.subarray(at, at + piece), at + piece >= bytes.length);
    }
  } catch (error) {
    if (error instanceof BadRecord) throw error;
    throw damaged(`its compressed data: ${(error as Error).message}`);
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
