import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { fixtureSummary } from "../report/fixture.ts";
import { smoothedPriors, UNNAMED_RULE } from "../training/decision.ts";
import { writeRun } from "./fixture.ts";
import type { Outcome } from "./predictions.ts";
import { decidedAgain, ruleOf } from "./rescore.ts";
import { compareDirectories, withDirectory } from "./testing.ts";

const summary = fixtureSummary({ rounds: 1, classes: ["N", "A", "O", "~"] });
summary.dataset.counts.train = [5000, 500, 2500, 0];
const mean = (priorExponent: number) =>
  ({ decision: "mean", priorExponent, priorUnit: "records" }) as const;

Deno.test("the class with the largest mean softmax / prior of training records is decided", () => {
  // Priors (5500, 1000, 3000, 500) / 8004: the second class gains most but one from them.
  assert.deepEqual(
    [...smoothedPriors(summary.dataset.counts.train)],
    [5500, 1000, 3000, 500].map((count) => count / 8004),
  );
  const said = { steps: 4, probabilities: [0.6, 0.25, 0.15, 0], votes: [4, 0, 0, 0] };
  const outcomes = new Map<string, Outcome>([["x", { truth: 1, predicted: 2, said }]]);
  const label = (exponent: number) =>
    decidedAgain(outcomes, { rule: mean(exponent), summary, directory: "r" }).get("x");
  assert.deepEqual(label(0), { truth: 1, predicted: 0, said });
  // 0.6 / 5500^0.4 = 0.0191, 0.25 / 1000^0.4 = 0.0158; with exponent 1: 0.000109 and 0.00025.
  assert.equal(label(0.4)!.predicted, 0);
  assert.equal(label(1)!.predicted, 1);
});

Deno.test("a run without saved probabilities is refused by name", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "old" });
    assert.throws(
      () => compareDirectories([run], { rescored: mean(0.5) }),
      (error) =>
        error instanceof UsageError &&
        /Cannot decide the records of .*old again/.test(error.message),
    );
  }));

Deno.test("a run that names no rule has the rule of older versions", () => {
  assert.deepEqual(ruleOf({}), UNNAMED_RULE);
  assert.deepEqual(ruleOf({ score: mean(0.5) }), mean(0.5));
});
