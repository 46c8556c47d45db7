/**
 * Helpers of the reference's own tests.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createRng } from "../../../src/core/rng.ts";
import { type Signals, signals } from "./signals.ts";

/** `count` numbers from [-1, 1), the same for the same name. */
export function randomArray(count: number, name: string): Float64Array {
  const rng = createRng(17, name);
  return Float64Array.from({ length: count }, () => 2 * rng.next() - 1);
}

/** Signals of {@linkcode randomArray} numbers. */
export function randomSignals(
  name: string,
  shape: { lengths: number[]; channels: number; length: number },
): Signals {
  const count = shape.lengths.length * shape.channels * shape.length;
  return signals(randomArray(count, name), shape);
}

/** Fails unless every element of `got` is within `tolerance` of `want`'s. */
export function assertClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  options: { tolerance: number; what: string },
): void {
  const { tolerance, what } = options;
  assert.equal(got.length, want.length, `${what}: lengths differ`);
  for (let i = 0; i < got.length; i++) {
    const difference = Math.abs(got[i]! - want[i]!);
    assert.ok(difference <= tolerance, `${what}[${i}] is ${got[i]}, expected ${want[i]}`);
  }
}

/** Sum of a * b. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/**
 * Fails unless `gradient` is the derivative of `f` with respect to each element of `variable`, by
 * central differences. `f` reads `variable`, which is put back.
 */
export function assertGradient(
  f: () => number,
  options: {
    variable: Float64Array;
    gradient: ArrayLike<number>;
    what: string;
    /** Elements that are no variables, as those past a record's end. */
    skip?: (index: number) => boolean;
  },
): void {
  const { variable, gradient, what, skip } = options;
  // Errors: h^2 / 6 times the third derivative, and 2^-53 |f| / h; both about 1e-10 here.
  const h = 1e-5;
  const numeric = variable.map((value, i) => {
    if (skip?.(i)) return 0;
    variable[i] = value + h;
    const above = f();
    variable[i] = value - h;
    const below = f();
    variable[i] = value;
    return (above - below) / (2 * h);
  });
  assertClose(gradient, numeric, { tolerance: 1e-8, what });
}
