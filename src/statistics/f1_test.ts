import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { scoresOf } from "../training/metrics.ts";
import { macroF1, majorityScore } from "./f1.ts";

Deno.test("F1 of a matrix worked by hand", () => {
  // Class 0: 8 hits, row 10, column 9. Class 1: 4 hits, row 5, column 6.
  const cells = Float64Array.of(8, 2, 1, 4);
  assert.equal(macroF1(2, [0])(cells), 16 / 19);
  assert.equal(macroF1(2, [1])(cells), 8 / 11);
  assert.equal(macroF1(2, [0, 1])(cells), (16 / 19 + 8 / 11) / 2);
});

Deno.test("a class that neither occurs nor is predicted is left out; all wrong is 0", () => {
  assert.equal(macroF1(3, [0, 1, 2])(Float64Array.of(4, 0, 0, 0, 2, 0, 0, 0, 0)), 1);
  assert.equal(macroF1(2, [0, 1])(Float64Array.of(0, 3, 3, 0)), 0);
  assert.equal(macroF1(2, [0])(Float64Array.of(0, 0, 0, 5)), 0);
});

Deno.test("the score equals that of training", () => {
  const rng = createRng(3, "macro-f1");
  const classes = ["N", "A", "O", "~"];
  for (let trial = 0; trial < 50; trial++) {
    const truths = Array.from({ length: 12 }, () => rng.integer(4));
    const predicted = truths.map(() => rng.integer(4));
    const { score } = scoresOf(predicted.map((label) => ({ label, loss: 0, steps: 1 })), {
      truths,
      classes,
      metric: { name: "CinC F1", classes: ["N", "A", "O"] },
    });
    const cells = new Float64Array(16);
    truths.forEach((truth, i) => cells[truth * 4 + predicted[i]!]! += 1);
    assert.ok(Math.abs(macroF1(4, [0, 1, 2])(cells) - score) < 1e-12);
  }
});

Deno.test("the score of always predicting the most frequent class, worked out by hand", () => {
  // 2 * 50 / (100 + 50) for N, 0 for the other two that occur.
  assert.equal(majorityScore([50, 30, 20, 0], [0, 1, 2]), 2 / 3 / 3);
  assert.equal(majorityScore([50, 30, 0], [0, 1, 2]), 100 / 130 / 2);
  assert.equal(majorityScore([0, 0], [0, 1]), null);
  assert.equal(majorityScore([10, 2], [1]), 0);
});
