/**
 * Compares a replay of the golden training run with what PyTorch computed.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { GoldenResult } from "./training_golden.ts";

/** The results of a replay in float32. */
export interface Replayed {
  /** [steps] */
  readonly loss: ArrayLike<number>;
  /** [steps], before clipping. */
  readonly gradientNorm: ArrayLike<number>;
  /** Parameters and running statistics after the last step, by the golden's names. */
  readonly final: ReadonlyMap<string, Float32Array>;
}

/** The largest absolute differences. */
export interface WorstDifferences {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly final: number;
  /** The tensor with the largest difference of `final`. */
  readonly tensor: string;
}

/** Measures a replay. NaN anywhere gives NaN. */
export function worstDifferences(want: GoldenResult, got: Replayed): WorstDifferences {
  let final = 0, tensor = "";
  for (const [name, values] of want.final) {
    const found = got.final.get(name);
    assert.ok(found, `The replay has no ${name}`);
    const difference = largestDifference(found, values);
    if (Number.isNaN(final) || difference <= final) continue;
    [final, tensor] = [difference, name];
  }
  return {
    loss: largestDifference(got.loss, want.losses),
    gradientNorm: largestDifference(got.gradientNorm, want.gradientNorms),
    final,
    tensor,
  };
}

function largestDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  assert.equal(got.length, want.length);
  return Math.max(0, ...Array.from(want, (value, i) => Math.abs(got[i]! - value)));
}

/**
 * Fails unless the replay follows the golden run.
 *
 * The tolerances: one forward and backward pass in float32 is off by about 1e-7 of the gradient's
 * largest elements. An update with epsilon 1e-4 and rate 1e-3 passes on at most 10 times an error
 * of the gradient, so ten steps add up to some 1e-6 in weights of size 0.1 to 1 (measured 2.4e-6),
 * in the loss, which is 1 to 2 (3e-7), and in the gradient's norm of 1 to 3 (1e-6). A wrong op
 * shows as 1e-4 or more: one step is 1e-3.
 */
export function assertReplays(want: GoldenResult, got: Replayed): void {
  const { loss, gradientNorm, final, tensor } = worstDifferences(want, got);
  assert.ok(loss <= 3e-6, `a loss differs by ${loss}`);
  assert.ok(gradientNorm <= 1e-5, `a gradient norm differs by ${gradientNorm}`);
  assert.ok(final <= 1e-5, `${tensor} differs by ${final}`);
  for (const [name, mask] of want.masks) {
    const value = got.final.get(name)!;
    mask.forEach((keep, i) =>
      keep || assert.equal(value[i], 0, `${name}[${i}] is pruned, but ${value[i]}`)
    );
  }
}

/** The differences in one line. */
export function describeDifferences(worst: WorstDifferences): string {
  const { loss, gradientNorm, final, tensor } = worst;
  const text = (value: number) => value.toExponential(1);
  const state = tensor === "" ? "" : `, final state ${text(final)} (${tensor})`;
  return `off by: loss ${text(loss)}, gradient norm ${text(gradientNorm)}${state}`;
}
