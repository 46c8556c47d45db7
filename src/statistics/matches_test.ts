import assert from "node:assert/strict";
import { fixedSequence, matchesDense } from "./matches.ts";

const low = (...lows: (number | null)[]) =>
  lows.map((x) => x === null ? null : { low: x, high: 1 });

Deno.test("a loss of exactly the margin is not excluded by an interval that begins there", () => {
  assert.equal(matchesDense({ low: -0.015, high: 0 }, 0.015), false);
  assert.equal(matchesDense({ low: -0.0149, high: -0.01 }, 0.015), true);
});

Deno.test("the sequence stops at its first failure; later networks are not tested", () => {
  assert.deepEqual(fixedSequence(low(0, -0.01, -0.02, 0.3), 0.015), { matching: 1, stoppedAt: 2 });
  assert.deepEqual(fixedSequence(low(-0.02, 0, 0), 0.015), { matching: null, stoppedAt: 0 });
  assert.deepEqual(fixedSequence(low(0, 0), 0.015), { matching: 1, stoppedAt: null });
  assert.deepEqual(fixedSequence(low(0, null, 0), 0.015), { matching: 0, stoppedAt: 1 });
  assert.deepEqual(fixedSequence([], 0.015), { matching: null, stoppedAt: null });
});

Deno.test("a stricter margin never reaches further", () => {
  const limits = low(0, -0.009, -0.012, -0.001, -0.03);
  assert.deepEqual(
    [0.01, 0.015, 0.05].map((margin) => fixedSequence(limits, margin).matching),
    [1, 3, 4],
  );
});
