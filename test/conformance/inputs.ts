/**
 * Seeded inputs of the conformance cases. Every number is a float32, so that the reference and a
 * backend start from the same values.
 *
 * @module
 */
import { createRng } from "../../src/core/rng.ts";
import { type Signals, signals } from "./reference/signals.ts";

/** How the lengths of a batch's records are chosen. */
export type LengthPattern = "full" | "ragged" | "empty";

/** Which part of a weight's elements is kept: a fraction, or a single one. */
export type Density = number | "one";

/** Seeded choices for a list of cases, so that parameters vary independently. */
export interface Picker {
  pick<T>(from: readonly T[]): T;
  flip(): boolean;
}

/** A picker; equal names give equal choices. */
export function createPicker(name: string): Picker {
  const rng = createRng(2022, name);
  return { pick: (from) => from[rng.integer(from.length)]!, flip: () => rng.integer(2) === 1 };
}

/** Valid lengths of `records` records: with "ragged" the first is full, the second empty. */
export function makeLengths(
  pattern: LengthPattern,
  options: { records: number; length: number; seed: number },
): Int32Array {
  const { records, length, seed } = options;
  const rng = createRng(seed, "lengths");
  return Int32Array.from({ length: records }, (_, n) => {
    if (pattern === "full") return length;
    if (pattern === "empty") return 0;
    if (records > 1 && n < 2) return n === 0 ? length : 0;
    return rng.integer(length + 1);
  });
}

/** `count` float32 numbers from [-scale, scale) around `offset`. */
export function makeValues(
  count: number,
  options: { seed: number; name: string; scale?: number; offset?: number },
): Float64Array {
  const { seed, name, scale = 1, offset = 0 } = options;
  const rng = createRng(seed, name);
  return Float64Array.from(
    { length: count },
    () => Math.fround(offset + scale * (2 * rng.next() - 1)),
  );
}

/** Signals of {@linkcode makeValues}, zero past the records' ends. */
export function makeSignals(
  shape: { lengths: Int32Array; channels: number; length: number },
  options: { seed: number; name: string; scale?: number; offset?: number },
): Signals {
  const count = shape.lengths.length * shape.channels * shape.length;
  return signals(makeValues(count, options), shape);
}

/** A mask of `count` elements: each is kept with probability `density`, or exactly one is. */
export function makeMask(count: number, options: { seed: number; density: Density }): Uint8Array {
  const { seed, density } = options;
  const rng = createRng(seed, "mask");
  const mask = new Uint8Array(count);
  if (density === "one") mask[rng.integer(count)] = 1;
  else for (let i = 0; i < count; i++) mask[i] = rng.next() < density ? 1 : 0;
  return mask;
}
