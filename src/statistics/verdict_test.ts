import assert from "node:assert/strict";
import { denseSentence, denseVerdict, pairSentence, pairVerdict } from "./verdict.ts";

const of = (difference: number, low: number, high: number) => ({ difference, low, high });

Deno.test("verdicts against dense, margin 0.01", () => {
  const cases: [low: number, high: number, verdict: string][] = [
    [0.001, 0.02, "better"],
    [0, 0.02, "matches"],
    [-0.009, 0.008, "matches"],
    [-0.01, 0.008, "not resolved"],
    [-0.03, 0.04, "not resolved"],
    [-0.03, 0, "not resolved"],
    [-0.03, -0.001, "worse"],
    [-0.009, -0.001, "matches"],
    [0, 0, "matches"],
  ];
  for (const [low, high, verdict] of cases) {
    assert.equal(denseVerdict(of((low + high) / 2, low, high), 0.01), verdict, `[${low}, ${high}]`);
  }
});

Deno.test("verdicts between methods, margin 0.01", () => {
  const cases: [low: number, high: number, verdict: string][] = [
    [0.001, 0.02, "better"],
    [-0.009, 0.009, "equal"],
    [-0.009, 0.01, "not resolved"],
    [-0.01, 0.009, "not resolved"],
    [-0.02, -0.001, "worse"],
    [-0.009, -0.001, "worse"],
    [0, 0, "equal"],
  ];
  for (const [low, high, verdict] of cases) {
    assert.equal(pairVerdict(of((low + high) / 2, low, high), 0.01), verdict, `[${low}, ${high}]`);
  }
});

Deno.test("sentences say the verdict and the numbers", () => {
  assert.equal(
    denseSentence(of(-0.0041, -0.0158, 0.0081), 0.02),
    "matches dense: difference −0.004, 95 % [−0.016, 0.008]",
  );
  assert.equal(
    denseSentence(of(-0.1, -0.2, -0.05), 0.01),
    "worse than dense: difference −0.100, 95 % [−0.200, −0.050]",
  );
  assert.equal(
    denseSentence(of(-0.005, -0.009, -0.002), 0.01),
    "below dense, by less than 0.01: difference −0.005, 95 % [−0.009, −0.002]",
  );
  assert.match(denseSentence(of(0, -0.05, 0.05), 0.01), /^not resolved \(a loss of 0\.01 or more/);
  assert.match(denseSentence(of(0.1, 0.05, 0.2), 0.01), /^better than dense: difference 0\.100/);
  assert.match(pairSentence(of(0, -0.001, 0.001), 0.01), /^equal within 0\.01: /);
});
