import assert from "node:assert/strict";
import { decidedByDev, shownSummary } from "./shown.ts";
import type { RoundSummary, Scores, Summary } from "../results/summary.ts";

const scores = { score: 0.5 } as Scores;
const summary = (complete: boolean, test: Scores | null) =>
  ({
    complete,
    rounds: [{ round: 0, dev: scores, test }, { round: 1, dev: scores, test }] as RoundSummary[],
  }) as Summary;

Deno.test("test scores are shown if the run is complete or if the user asks for them", () => {
  const tests = (shown: Summary) => shown.rounds.map(({ test }) => test);
  const hidden = shownSummary(summary(false, scores), { showTest: false });
  assert.deepEqual(tests(hidden), [null, null]);
  assert.equal(hidden.testHidden, true);
  assert.deepEqual(hidden.rounds.map(({ dev }) => dev), [scores, scores]);
  for (const [complete, showTest] of [[true, false], [false, true]] as const) {
    const shown = shownSummary(summary(complete, scores), { showTest });
    assert.deepEqual(tests(shown), [scores, scores]);
    assert.equal(shown.testHidden, undefined);
  }
  // A data set without a test split has nothing to hide.
  assert.equal(shownSummary(summary(false, null), { showTest: false }).testHidden, undefined);
});

Deno.test("dev decides only for the plateau schedule and early stopping", () => {
  const training = (schedule: string, earlyStopping: unknown) => ({
    training: { schedule: { kind: schedule }, earlyStopping },
  });
  assert.equal(decidedByDev(training("step", null)), null);
  assert.equal(decidedByDev(training("plateau", null)), "the learning rate");
  assert.equal(
    decidedByDev(training("plateau", { patience: 3 })),
    "the learning rate and when a round's training ended",
  );
  assert.equal(decidedByDev({}), null);
});
