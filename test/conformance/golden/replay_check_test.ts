import assert from "node:assert/strict";
import { assertReplays, type Replayed, worstDifferences } from "./replay_check.ts";
import type { GoldenResult } from "./training_golden.ts";

const WANT: GoldenResult = {
  epsilon: 1e-4,
  masks: new Map([["a.weight", Uint8Array.of(1, 0)]]),
  losses: Float64Array.of(2, 1),
  gradientNorms: Float64Array.of(3, 2),
  final: new Map([["a.weight", Float64Array.of(0.5, 0)], ["b.bias", Float64Array.of(1)]]),
};

function replayed(changes: Partial<Replayed> = {}): Replayed {
  return {
    loss: [2, 1],
    gradientNorm: [3, 2],
    final: new Map([["a.weight", Float32Array.of(0.5, 0)], ["b.bias", Float32Array.of(1)]]),
    ...changes,
  };
}

function withFinal(weight: number[], bias: number): Replayed {
  return replayed({
    final: new Map([["a.weight", Float32Array.from(weight)], ["b.bias", Float32Array.of(bias)]]),
  });
}

Deno.test("a replay within float32 passes", () => {
  assertReplays(WANT, replayed());
  assertReplays(WANT, withFinal([0.5 + 2e-6, 0], 1));
});

Deno.test("each difference is found and named", () => {
  assert.throws(() => assertReplays(WANT, replayed({ loss: [2, 1.00001] })), /a loss differs/);
  assert.throws(
    () => assertReplays(WANT, replayed({ gradientNorm: [3.0001, 2] })),
    /a gradient norm differs/,
  );
  assert.throws(
    () => assertReplays(WANT, withFinal([0.5, 0], 1.0001)),
    /b\.bias differs by 0\.0001/,
  );
});

Deno.test("NaN is a difference, whatever follows it", () => {
  assert.throws(() => assertReplays(WANT, replayed({ loss: [NaN, 1] })), /a loss differs by NaN/);
  assert.throws(() => assertReplays(WANT, withFinal([NaN, 0], 1)), /a\.weight differs by NaN/);
  assert.equal(worstDifferences(WANT, withFinal([0.5, 0], NaN)).tensor, "b.bias");
});

Deno.test("a pruned weight must be exactly 0", () => {
  assert.throws(() => assertReplays(WANT, withFinal([0.5, 1e-9], 1)), /a\.weight\[1\] is pruned/);
});

Deno.test("a missing tensor and a missing step fail", () => {
  assert.throws(() => assertReplays(WANT, replayed({ final: new Map() })), /has no a\.weight/);
  assert.throws(() => assertReplays(WANT, replayed({ loss: [2] })));
});
