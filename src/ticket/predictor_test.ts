import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { predictRecord } from "../training/metrics.ts";
import { openInference } from "./network.ts";
import { Predictor } from "./predictor.ts";
import { reachOf } from "../model/shape.ts";
import { madeTicket } from "./testing.ts";

function trace(length: number): Int16Array {
  const rng = createRng(9, "trace");
  return Int16Array.from({ length }, (_, i) => (i % 250 < 15 ? 900 : -40) + rng.integer(120));
}

Deno.test("a prediction is the vote of training over the normalised record", () => {
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

  const { label, probabilities, steps } = predictor.predict(samples);
  const priors = Float64Array.from(ticket.priors);
  const expected = predictRecord(got, { rowLength: 7, steps: 7, priors, truth: 0 }).label;
  assert.equal(label, ticket.classes[expected]);
  assert.equal(steps.length, 7);
  const votes = ticket.classes.map((name) => steps.filter((step) => step === name).length);
  assert.equal(votes[expected], Math.max(...votes));
  const total = Object.values(probabilities).reduce((sum, p) => sum + p, 0);
  assert.ok(Math.abs(total - 1) < 1e-12 && Object.keys(probabilities).length === 4);
});

Deno.test("a long record in parts gives the logits of the whole", () => {
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

Deno.test("how far a step sees", () => {
  // 15 positions around in 4 convolutions at each of 1, 2, ..., 128 samples and in one at 256.
  assert.equal(
    reachOf({ filters: 32, kernel: 16, blocks: 16, blocksPerStage: 4, classes: 4 }),
    19_140,
  );
  assert.equal(reachOf({ filters: 1, kernel: 3, blocks: 2, blocksPerStage: 1, classes: 2 }), 12);
});

Deno.test("a record needs a whole step", () => {
  using predictor = new Predictor(madeTicket());
  assert.throws(() => predictor.logits(trace(255)), /needs 256 samples, got 255/);
});
