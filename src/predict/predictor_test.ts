import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { deciderOf, type DecisionRule, predictRecord } from "../training/decision.ts";
import { openInference } from "../ticket/network.ts";
import { Predictor } from "./predictor.ts";
import { analyse } from "../model/analyse.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { madeTicket } from "../ticket/testing.ts";
import { describeDecision, ruleOf } from "../ticket/ticket.ts";

function trace(length: number): Int16Array {
  const rng = createRng(9, "trace");
  return Int16Array.from({ length }, (_, i) => (i % 250 < 15 ? 900 : -40) + rng.integer(120));
}

Deno.test("a prediction is the vote over the normalised record, as in training", () => {
  const ticket = madeTicket();
  const { mean, std } = ticket.normalisation;
  using predictor = new Predictor(ticket);
  using inference = openInference(ticket.network);
  assert.equal(predictor.hop, 256);
  const samples = trace(2000);
  const logits = inference.run(
    Float32Array.from(samples.subarray(0, 1792), (x) => (x - mean) / std),
  );
  const got = predictor.logits(samples);
  assert.equal(got.length, 4 * 7);
  got.forEach((x, i) => assert.ok(Math.abs(x - logits[i]!) < 1e-4));

  const { label, votes, steps } = predictor.predict(samples);
  const decider = deciderOf(ruleOf(ticket), ticket.priors);
  const expected = predictRecord(got, { rowLength: 7, steps: 7, decider, truth: 0 });
  assert.equal(label, ticket.classes[expected.label]);
  assert.deepEqual(Object.values(votes), expected.votes);
  assert.equal(steps.length, 7);
  const counted = ticket.classes.map((name) => steps.filter((step) => step === name).length);
  assert.deepEqual(counted, expected.votes);
  assert.equal(counted[expected.label], Math.max(...counted));
});

Deno.test("a ticket decides by its rule and prints mean softmax at its temperature", () => {
  const made = madeTicket({ density: 0.8, seed: 4 });
  const samples = trace(256 * 9);
  const rules: DecisionRule[] = [
    { decision: "vote", priorExponent: 0.5, priorUnit: "records" },
    { decision: "mean", priorExponent: 0, priorUnit: "records" },
    { decision: "mean", priorExponent: 2, priorUnit: "steps" },
  ];
  for (const decision of rules) {
    const ticket = { ...made, priors: [0.001, 0.9, 0.3, 0.1], decision, temperature: 2.5 };
    using predictor = new Predictor(ticket);
    const logits = predictor.logits(samples);
    const said = predictor.predict(samples);
    const steps = Array.from(
      { length: 9 },
      (_, t) => ticket.classes.map((_, c) => logits[c * 9 + t]!),
    );
    // float64, by the definition.
    const mean = (temperature: number) =>
      ticket.classes.map((_, c) =>
        steps.reduce((sum, row) => {
          const powers = row.map((x) => Math.exp((x - Math.max(...row)) / temperature));
          return sum + powers[c]! / powers.reduce((a, b) => a + b, 0) / steps.length;
        }, 0)
      );
    ticket.classes.forEach((name, c) =>
      assert.ok(Math.abs(said.probabilities[name]! - mean(2.5)[c]!) < 1e-9)
    );
    const shares = mean(1).map((p, c) => p / ticket.priors[c]! ** decision.priorExponent);
    const total = shares.reduce((a, b) => a + b, 0);
    ticket.classes.forEach((name, c) =>
      assert.ok(Math.abs(said.decisionScores[name]! - shares[c]! / total) < 1e-9)
    );
    if (decision.decision === "mean") {
      assert.equal(said.label, ticket.classes[shares.indexOf(Math.max(...shares))]);
    }
  }
});

Deno.test("an older ticket says which rule and temperature are used", () => {
  const ticket = madeTicket();
  assert.match(
    describeDecision(ticket),
    /most votes .* softmax \/ prior \(priors from training steps\); this ticket is from before.*\(1 is/,
  );
  const decision = { decision: "mean", priorExponent: 0.5, priorUnit: "records" } as const;
  assert.match(
    describeDecision({ ...ticket, decision, temperature: 1.25 }),
    /largest mean softmax \/ prior\^0\.5 .*training records\)\. .*temperature 1\.250\.$/,
  );
});

Deno.test("a long record in parts gives the same logits as in one piece", () => {
  const ticket = madeTicket();
  using whole = new Predictor(ticket);
  using parts = new Predictor(ticket, { mostSteps: 50 });
  const samples = trace(256 * 230 + 100);
  const expected = whole.logits(samples);
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const got = parts.logits(samples);
  assert.equal(got.length, 4 * 230);
  got.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) <= 1e-6 * largest, `${i}`));
});

Deno.test("the reach of a step, in samples", () => {
  // 15 positions around in 4 convolutions at each of 1, 2, ..., 128 samples and in one at 256.
  assert.equal(
    analyse(resnet1dGraph({ filters: 32, kernel: 16, blocks: 16, blocksPerStage: 4, classes: 4 }))
      .reach,
    19_140,
  );
  assert.equal(
    analyse(resnet1dGraph({ filters: 1, kernel: 3, blocks: 2, blocksPerStage: 1, classes: 2 }))
      .reach,
    12,
  );
});

Deno.test("a record shorter than a step is refused", () => {
  using predictor = new Predictor(madeTicket());
  assert.throws(() => predictor.logits(trace(255)), /needs 256 samples, got 255/);
});

Deno.test("a ticket with sign-flip averaging gives the mean over a record and its negative", () => {
  const ticket = madeTicket();
  const { mean } = ticket.normalisation;
  const samples = [...trace(4000)];
  const negatives = samples.map((x) => 2 * mean - x);
  using plain = new Predictor(ticket);
  using averaging = new Predictor({ ...ticket, flipAverage: true });
  using inParts = new Predictor({ ...ticket, flipAverage: true }, { mostSteps: 3 });
  const said = averaging.judge(samples);
  const [a, b] = [samples, negatives].map((record) => plain.judge(record).stepProbabilities);
  said.stepProbabilities.forEach((step, i) => {
    step.forEach((p, c) => assert.ok(Math.abs(p - (a![i]![c]! + b![i]![c]!) / 2) < 1e-5));
  });
  assert.deepEqual(averaging.predict(negatives).steps, said.steps);
  inParts.logits(samples).forEach((x, i) =>
    assert.ok(Math.abs(x - averaging.logits(samples)[i]!) < 1e-4)
  );
  assert.match(
    describeDecision({ ...ticket, flipAverage: true }),
    /mean softmax over the steps of the record and its negative/,
  );
});
