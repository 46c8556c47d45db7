import assert from "node:assert/strict";
import { foldEstimate } from "./folds.ts";
import { coverage } from "./testing.ts";

Deno.test("the interval over folds is the t interval, worked by hand", () => {
  // Deviations -2, -1, 0, 1, 2: variance 10 / 4; t(4) = 2.776445.
  const found = foldEstimate(0.5, { perFold: [-2, -1, 0, 1, 2], testPerTrain: 0.25 });
  assert.equal(found.difference, 0.5);
  assert.equal(found.source, "folds");
  assert.equal(found.degreesOfFreedom, 4);
  assert.ok(Math.abs(found.standardError - Math.sqrt(0.5)) < 1e-12);
  assert.ok(Math.abs(found.high - 0.5 - 2.776445 * Math.sqrt(0.5)) < 1e-5);
  // Nadeau and Bengio: 1/5 + 1/4 instead of 1/5.
  assert.ok(Math.abs(found.corrected.low - (0.5 - 2.776445 * Math.sqrt(2.5 * 0.45))) < 1e-5);
});

Deno.test("equal folds give an interval without width; a single fold is refused", () => {
  const found = foldEstimate(0.1, { perFold: [0.1, 0.1], testPerTrain: 1 });
  assert.deepEqual([found.low, found.high], [0.1, 0.1]);
  assert.throws(() => foldEstimate(0, { perFold: [1], testPerTrain: 1 }), /at least 2 folds/);
});

Deno.test("intervals over five folds contain the true difference in 93 to 97 % of simulated studies", () => {
  for (const seedDeviation of [0, 0.06]) {
    const found = coverage(
      { design: "folds", seeds: 5, paired: true, records: 1500, seedDeviation, loss: 0.05 },
      { studies: 600, draws: 1, seed: 1 },
    );
    assert.ok(found.given >= 0.93 && found.given <= 0.97, JSON.stringify(found));
    assert.ok(found.other > found.given, "the check is wider");
  }
});
