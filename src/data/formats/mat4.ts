/**
 * MATLAB version 4 files: variables one after the other, each a header of five int32 (type, rows,
 * columns, imaginary flag, name length), the name, then the values, column by column.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { ascii, viewOf } from "./bytes.ts";
import { leadsOfMatrices, type Matrix } from "./matrix.ts";
import type { SignalFile } from "./signal_file.ts";

const HEADER = 20;
const LONGEST_NAME = 256;
/** Type digit T: 0 a matrix of numbers, 1 text, 2 sparse. */
const FULL = 0;
const KINDS = 3;

type Decoder = (view: DataView, at: number, little: boolean) => number;

/** Type digit P: the storage type of a value. */
const VALUES: readonly { bytes: number; decode: Decoder; missing: number | null }[] = [
  { bytes: 8, decode: (view, at, little) => view.getFloat64(at, little), missing: null },
  { bytes: 4, decode: (view, at, little) => view.getFloat32(at, little), missing: null },
  { bytes: 4, decode: (view, at, little) => view.getInt32(at, little), missing: null },
  { bytes: 2, decode: (view, at, little) => view.getInt16(at, little), missing: -32768 },
  { bytes: 2, decode: (view, at, little) => view.getUint16(at, little), missing: null },
  { bytes: 1, decode: (view, at) => view.getUint8(at), missing: null },
];

interface Header {
  readonly little: boolean;
  readonly value: number;
  readonly kind: number;
  readonly rows: number;
  readonly columns: number;
  readonly imaginary: boolean;
  readonly nameLength: number;
}

/** Whether bytes begin like a version 4 file. The format has no magic number, but few valid headers. */
export function isMat4(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER && headerAt(bytes, 0) !== null;
}

/** @throws {BadRecord} If the file is cut off, or contains no signal. */
export function readMat4(bytes: Uint8Array): SignalFile {
  return leadsOfMatrices(matricesOf(bytes));
}

function matricesOf(bytes: Uint8Array): Matrix[] {
  const matrices: Matrix[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    const header = at + HEADER <= bytes.length ? headerAt(bytes, at) : null;
    if (header === null) {
      throw new BadRecord(
        at === 0 ? "not-v4" : "truncated",
        at === 0
          ? "its first bytes are not the header of a MATLAB v4 variable"
          : `${bytes.length} bytes, but its last variable ends at byte ${at}`,
      );
    }
    const { rows, columns, nameLength, little, imaginary, value } = header;
    const { bytes: width, decode, missing } = VALUES[value]!;
    const start = at + HEADER + nameLength;
    const count = rows * columns;
    const end = start + count * width * (imaginary ? 2 : 1);
    if (end > bytes.length) {
      throw new BadRecord(
        "truncated",
        `${bytes.length} bytes, but its header of ${count} samples needs ${end}`,
      );
    }
    const name = ascii(bytes, at + HEADER, nameLength).replace(/\0[^]*$/, "");
    at = end;
    if (header.kind !== FULL || imaginary) continue;
    const at1 = (i: number) => decode(view, start + i * width, little);
    matrices.push({ name, rows, columns, at: at1, missing });
  }
  return matrices;
}

function headerAt(bytes: Uint8Array, at: number): Header | null {
  const view = viewOf(bytes);
  for (const little of [true, false]) {
    const [type, rows, columns, imaginary, nameLength] = [0, 4, 8, 12, 16].map((offset) =>
      view.getInt32(at + offset, little)
    ) as [number, number, number, number, number];
    const [order, zero, value, kind] = [1000, 100, 10, 1].map((unit) =>
      Math.floor(type / unit) % 10
    ) as [number, number, number, number];
    // The type of a double is 0 in both byte orders; the length of the name then decides the order.
    const sound = type >= 0 && order === (little ? 0 : 1) && zero === 0 && value < VALUES.length &&
      kind < KINDS && rows >= 0 && columns >= 0 && (imaginary === 0 || imaginary === 1) &&
      nameLength >= 1 && nameLength <= LONGEST_NAME;
    if (sound) {
      return { little, value, kind, rows, columns, imaginary: imaginary === 1, nameLength };
    }
  }
  return null;
}
