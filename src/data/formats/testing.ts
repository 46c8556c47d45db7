/**
 * Makes small files in all formats, byte by byte from their definitions, and has helpers for the tests of the
 * readers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { inOptions } from "../advice.ts";
import { BadRecord, type Reason } from "../problem.ts";

const encoder = new TextEncoder();

type Put = (view: DataView, at: number, value: number, little: boolean) => void;

/** Version 4's value types 0 to 5: bytes per value, and a function that writes one. */
const MAT4_TYPES: readonly [bytes: number, put: Put][] = [
  [8, (view, at, value, little) => view.setFloat64(at, value, little)],
  [4, (view, at, value, little) => view.setFloat32(at, value, little)],
  [4, (view, at, value, little) => view.setInt32(at, value, little)],
  [2, (view, at, value, little) => view.setInt16(at, value, little)],
  [2, (view, at, value, little) => view.setUint16(at, value, little)],
  [1, (view, at, value) => view.setUint8(at, value)],
];

/** A variable: its values are in column-major order. */
export type Mat4Variable = [
  name: string,
  rows: number,
  columns: number,
  type: number,
  values: readonly number[],
];

/** A MATLAB v4 file. */
export function mat4Of(
  variables: readonly Mat4Variable[],
  { little = true }: { little?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  return joined(variables.map(([name, rows, columns, type, values]) => {
    const [width, put] = MAT4_TYPES[type]!;
    const start = 20 + name.length + 1;
    const bytes = new Uint8Array(start + width * values.length);
    const view = new DataView(bytes.buffer);
    const header = [(little ? 0 : 1000) + 10 * type, rows, columns, 0, name.length + 1];
    header.forEach((value, i) => view.setInt32(4 * i, value, little));
    bytes.set(encoder.encode(name), 20);
    values.forEach((value, i) => put(view, start + i * width, value, little));
    return bytes;
  }));
}

/** A variable of int16; `name.field` is a structure with one field. */
export type Mat5Variable = [name: string, sides: readonly number[], values: readonly number[]];

/** A MATLAB v5 file, little-endian. */
export function mat5(
  variables: readonly Mat5Variable[],
  { compress }: { compress?: (bytes: Uint8Array) => Uint8Array } = {},
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(128).fill(0x20);
  header.set(encoder.encode("MATLAB 5.0 MAT-file"));
  header.set([0, 1, 0x49, 0x4d], 124);
  return joined([
    header,
    ...variables.map(([name, sides, values]) => {
      const [outer, field] = name.split(".");
      const matrix = field === undefined ? numeric(outer!, { sides, values }) : element(14, [
        element(6, [int32s(2, 0)]),
        element(5, [int32s(1, 1)]),
        element(1, [encoder.encode(outer!)]),
        element(5, [int32s(32)]),
        element(1, [padded(encoder.encode(field), 32)]),
        numeric("", { sides, values }),
      ]);
      return compress ? element(15, [compress(matrix)], { pad: false }) : matrix;
    }),
  ]);
}

function numeric(
  name: string,
  { sides, values }: { sides: readonly number[]; values: readonly number[] },
): Uint8Array<ArrayBuffer> {
  return element(14, [
    element(6, [int32s(10, 0)]),
    element(5, [int32s(...sides)]),
    element(1, [encoder.encode(name)]),
    element(3, [new Uint8Array(Int16Array.from(values).buffer)]),
  ]);
}

function element(
  type: number,
  parts: readonly Uint8Array[],
  { pad = true }: { pad?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const data = joined(parts);
  const tag = int32s(type, data.length);
  return joined([tag, pad ? padded(data, Math.ceil(data.length / 8) * 8) : data]);
}

function int32s(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.from(values).buffer);
}

function padded(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

/** One signal of an EDF file. */
export interface EdfSignal {
  label: string;
  /** Digital numbers of all data records. */
  samples: readonly number[];
  perRecord: number;
  unit?: string;
  physical?: readonly [number, number];
  digital?: readonly [number, number];
}

/** An EDF or BDF file; `onsets` in seconds make it one with annotations, and EDF+D discontinuous. */
export function edf(
  { signals, kind = "EDF", seconds = 1, onsets, records }: {
    signals: readonly EdfSignal[];
    kind?: "EDF" | "EDF+C" | "EDF+D" | "BDF";
    /** Duration of a data record. */
    seconds?: number;
    onsets?: readonly number[];
    /** Number in the header; by default the true one. */
    records?: number;
  },
): Uint8Array<ArrayBuffer> {
  const width = kind === "BDF" ? 3 : 2;
  const limit = width === 3 ? 8388607 : 32767;
  const count = signals[0]!.samples.length / signals[0]!.perRecord;
  const notes: EdfSignal[] = onsets
    ? [{ label: "EDF Annotations", samples: [], perRecord: 16, unit: "" }]
    : [];
  const all = [...signals, ...notes];
  const field = (text: string, length: number) => encoder.encode(text.padEnd(length));
  const fixed = [
    kind === "BDF" ? Uint8Array.of(0xff, ...encoder.encode("BIOSEMI")) : field("0", 8),
    field("X X X X", 80),
    field("Startdate X X X X", 80),
    field("01.01.20", 8),
    field("10.00.00", 8),
    field(String(256 * (1 + all.length)), 8),
    field(kind === "EDF" || kind === "BDF" ? "" : kind, 44),
    field(String(records ?? count), 8),
    field(String(seconds), 8),
    field(String(all.length), 4),
  ];
  const columns: [length: number, text: (signal: EdfSignal) => string][] = [
    [16, ({ label }) => label],
    [80, () => ""],
    [8, ({ unit = "mV" }) => unit],
    [8, ({ physical = [-limit / 1000, limit / 1000] }) => String(physical[0]).slice(0, 8)],
    [8, ({ physical = [-limit / 1000, limit / 1000] }) => String(physical[1]).slice(0, 8)],
    [8, ({ digital = [-limit, limit] }) => String(digital[0])],
    [8, ({ digital = [-limit, limit] }) => String(digital[1])],
    [80, () => ""],
    [8, ({ perRecord }) => String(perRecord)],
    [32, () => ""],
  ];
  const header = columns.flatMap(([length, text]) => all.map((each) => field(text(each), length)));
  const body = Array.from({ length: count }, (_, r) =>
    all.map(({ label, samples, perRecord }) => {
      const bytes = new Uint8Array(perRecord * width);
      if (label === "EDF Annotations") {
        bytes.set(encoder.encode(`+${onsets![r]}\x14\x14`));
        return bytes;
      }
      const view = new DataView(bytes.buffer);
      samples.slice(r * perRecord, (r + 1) * perRecord).forEach((value, i) => {
        view.setInt16(i * width, value << 16 >> 16, true);
        if (width === 3) view.setInt8(i * width + 2, value >> 16);
      });
      return bytes;
    })).flat();
  return joined([...fixed, ...header, ...body]);
}

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** For assert.throws and assert.rejects: a recording is refused for this reason, with words that match `detail`. */
export function refusal(reason: Reason, detail: RegExp): (error: Error) => true {
  return (error) => {
    assert.ok(error instanceof BadRecord, String(error));
    assert.equal(error.reason, reason, error.message);
    assert.match(error.explain(inOptions), detail);
    return true;
  };
}

/** Fails unless `body` refuses a recording for this reason, with words that match `detail`. */
export function refused(body: () => unknown, reason: Reason, detail: RegExp): void {
  assert.throws(body, refusal(reason, detail));
}
