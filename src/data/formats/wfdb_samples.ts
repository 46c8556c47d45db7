/**
 * Reads samples in the formats of WFDB's signal(5) (https://physionet.org/physiotools/wag/signal-5.htm). A file
 * is read as one sequence of numbers; wfdb.ts assigns them to signals.
 *
 * @module
 */
import { viewOf } from "./bytes.ts";

/** One format. */
export interface SampleFormat {
  /** Number of whole samples in `bytes` bytes; the last block may end after any sample. */
  readonly count: (bytes: number) => number;
  /** Reads sample `i`. */
  readonly reader: (bytes: Uint8Array) => (i: number) => number;
  /** The number that marks a missing sample; null if the format has none. */
  readonly missing: number | null;
  /** Numbers are differences from the signal's sample before. */
  readonly differences?: true;
}

/** `width` bytes a sample. */
function plain(
  width: number,
  missing: number | null,
  read: (view: DataView, at: number) => number,
): SampleFormat {
  return {
    count: (bytes) => Math.floor(bytes / width),
    reader: (bytes) => {
      const view = viewOf(bytes);
      return (i) => read(view, i * width);
    },
    missing,
  };
}

/** Ten bits with a sign. */
const ten = (value: number) => value << 22 >> 22;

/** Three samples in two little-endian pairs of bytes; a cut block has the samples whose bits are complete. */
function inPairs(third: (low: number, high: number, place: number) => number, second: number) {
  return (missing: number): SampleFormat => ({
    count: (bytes) => {
      const rest = bytes % 4;
      return 3 * Math.floor(bytes / 4) + (rest >= second ? 2 : rest >= 2 ? 1 : 0);
    },
    reader: (bytes) => (i) => {
      const at = 4 * Math.floor(i / 3);
      const byte = (k: number) => bytes[at + k] ?? 0;
      return third(byte(0) | byte(1) << 8, byte(2) | byte(3) << 8, i % 3);
    },
    missing,
  });
}

/** All formats that are read. Not read: 508, 516 and 524, which are compressed (FLAC), and 0, which is empty. */
export const SAMPLE_FORMATS: ReadonlyMap<number, SampleFormat> = new Map<number, SampleFormat>([
  [8, { ...plain(1, null, (view, at) => view.getInt8(at)), differences: true }],
  [16, plain(2, -32768, (view, at) => view.getInt16(at, true))],
  [
    24,
    plain(3, -(2 ** 23), (view, at) => view.getUint16(at, true) | view.getInt8(at + 2) << 16),
  ],
  [32, plain(4, -(2 ** 31), (view, at) => view.getInt32(at, true))],
  [61, plain(2, -32768, (view, at) => view.getInt16(at, false))],
  [80, plain(1, -128, (view, at) => view.getUint8(at) - 128)],
  [160, plain(2, -32768, (view, at) => view.getUint16(at, true) - 32768)],
  [212, {
    count: (bytes) => 2 * Math.floor(bytes / 3) + (bytes % 3 === 2 ? 1 : 0),
    reader: (bytes) => (i) => {
      const at = 3 * (i >> 1);
      const middle = bytes[at + 1]!;
      const value = i % 2 === 0
        ? bytes[at]! | (middle & 0x0f) << 8
        : bytes[at + 2]! | (middle & 0xf0) << 4;
      return value << 20 >> 20;
    },
    missing: -2048,
  }],
  [
    310,
    inPairs(
      (low, high, place) =>
        ten(place === 0 ? low >> 1 : place === 1 ? high >> 1 : low >> 11 | high >> 11 << 5),
      4,
    )(-512),
  ],
  [
    311,
    inPairs(
      (low, high, place) =>
        ten(place === 0 ? low : place === 1 ? low >> 10 | (high & 0x0f) << 6 : high >> 4),
      3,
    )(-512),
  ],
]);

/** Formats of signal(5) that are compressed. */
export const COMPRESSED: ReadonlySet<number> = new Set([508, 516, 524]);
