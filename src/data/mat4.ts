/**
 * MATLAB version 4 files as PhysioNet writes them: a header of five little-endian int32
 * (type, rows, columns, imaginary flag, name length), the name, then the values, column by column.
 *
 * @module
 */
import { BadRecord } from "./problem.ts";

const HEADER = 20;
/** Type code MOPT: little-endian (M = 0), zero, int16 (P = 3), full matrix (T = 0). */
const INT16_MATRIX = 30;
const MAT5_MAGIC = "MATLAB 5.0";
const HDF5_MAGIC = "MATLAB 7.3";
const VALUE_TYPES = ["float64", "float32", "int32", "int16", "uint16", "uint8"];

/**
 * The samples of a one-channel MATLAB v4 file of int16.
 *
 * @param bytes The whole file.
 * @returns The samples [length], a copy.
 * @throws {BadRecord} If it is anything else, with what was found.
 */
export function readMat4(bytes: Uint8Array): Int16Array {
  if (bytes.length === 0) throw new BadRecord("empty", "0 bytes");
  if (bytes.length < HEADER) {
    throw new BadRecord("truncated", `${bytes.length} bytes, fewer than a header of ${HEADER}`);
  }
  const start = String.fromCharCode(...bytes.subarray(0, 10));
  if (start === MAT5_MAGIC || start === HDF5_MAGIC) {
    throw new BadRecord("not-v4", `the file says ${start}; save it with -v4`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [type, rows, columns, imaginary, nameLength] = [0, 4, 8, 12, 16].map((at) =>
    view.getInt32(at, true)
  ) as [number, number, number, number, number];
  checkType(type);
  if (imaginary !== 0 || nameLength < 1 || nameLength > 64 || rows < 0 || columns < 0) {
    throw new BadRecord(
      "not-v4",
      `header ${type} ${rows} ${columns} ${imaginary} ${nameLength} is not one of version 4`,
    );
  }
  if (rows !== 1 && columns !== 1) {
    throw new BadRecord("not-one-column", `a ${rows} x ${columns} matrix, expected one channel`);
  }
  const count = rows * columns;
  const expected = HEADER + nameLength + 2 * count;
  if (bytes.length !== expected) {
    throw new BadRecord(
      "truncated",
      `${bytes.length} bytes, but its header of ${count} samples needs ${expected}`,
    );
  }
  const samples = new Int16Array(count);
  for (let i = 0; i < count; i++) {
    samples[i] = view.getInt16(HEADER + nameLength + 2 * i, true);
  }
  return samples;
}

function checkType(type: number): void {
  if (type === INT16_MATRIX) return;
  const [order, zero, values, matrix] = [1000, 100, 10, 1].map((unit) =>
    Math.floor(type / unit) % 10
  ) as [number, number, number, number];
  const isVersion4 = type >= 0 && type < 5000 && zero === 0 && values < VALUE_TYPES.length &&
    matrix < 3;
  if (!isVersion4) throw new BadRecord("not-v4", `its first number is ${type}, expected 30`);
  const found = order !== 0 || matrix !== 0 ? `type ${type}` : VALUE_TYPES[values];
  throw new BadRecord("not-int16", `it holds ${found}; convert it to int16`);
}
