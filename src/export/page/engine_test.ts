import assert from "node:assert/strict";
import { judgementOf, logitsOf } from "../../predict/judge.ts";
import { judgingOf, Predictor } from "../../predict/predictor.ts";
import { madeNetwork, madeSamples } from "../../ticket/made_network.ts";
import { openInference, type TrainedNetwork } from "../../ticket/network.ts";
import { madeTicket } from "../../ticket/testing.ts";
import {
  ODD_GRAPH,
  PLAIN_GRAPH,
  randomGraph,
  referenceLogits,
} from "../../ticket/testing_reference.ts";
import { openTicket } from "../../ticket/ticket_file.ts";
import { prepare } from "../../data/formats/prepare.ts";
import { understand } from "../../data/formats/reading.ts";
import { readSignalFile } from "../../data/formats/registry.ts";
import { READING_DEFAULTS } from "../../data/recording.ts";
import { readSampleRecordings } from "../../data/sample.ts";
import { runOperations } from "./client/engine.ts";
import { loadOperation, storeOperation } from "./client/stored.ts";
import { operationsOf } from "./operations.ts";

/** The page's engine as the page has it: from JSON. */
function pageEngine(network: TrainedNetwork): (input: Float32Array) => Float32Array {
  const text = JSON.stringify(operationsOf(network).map(storeOperation));
  const operations = (JSON.parse(text) as Record<string, unknown>[]).map(loadOperation);
  return (input) => runOperations(operations, input);
}

/** Largest difference over the largest value. */
function worst(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(got.length, expected.length);
  let [largest, most] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const difference = Math.abs(got[i]! - expected[i]!);
    if (!(difference <= most)) most = difference;
  }
  return most / largest;
}

Deno.test("the page's engine gives the logits of the definition on any network and length", () => {
  const random = Array.from({ length: 60 }, (_, seed) => randomGraph(seed));
  for (const graph of [PLAIN_GRAPH, ODD_GRAPH, ...random]) {
    for (const density of [1, 0.3, 0]) {
      const network = madeNetwork(graph, { density, maskKind: "uniform", seed: 9 });
      const run = pageEngine(network);
      using inference = openInference(network);
      for (const length of [1, 7, 77, 1029]) {
        const samples = madeSamples(length, length);
        const logits = run(samples);
        const name = `${graph.name}, density ${density}, length ${length}`;
        const defined = worst(logits, referenceLogits(network, samples));
        assert.ok(defined <= 1e-5, `${name}: ${defined}`);
        const native = worst(logits, inference.run(samples));
        assert.ok(native <= 1e-5, `${name}, native: ${native}`);
      }
    }
  }
});

Deno.test("the page's engine labels the sample's recordings as predict does", () => {
  const ticket = openTicket(undefined);
  using predictor = new Predictor(ticket);
  const judging = judgingOf(ticket);
  const run = pageEngine(ticket.network);
  const labels = new Set<string>();
  for (const { name, bytes } of readSampleRecordings(40)) {
    const file = readSignalFile({ name, bytes, beside: () => null });
    const { samples } = prepare(understand(file, READING_DEFAULTS), READING_DEFAULTS);
    const logits = logitsOf(samples, judging, { run });
    const difference = worst(logits, predictor.logits(samples));
    assert.ok(difference <= 1e-5, `${name}: ${difference}`);
    const { label, probabilities, steps } = judgementOf(logits, judging);
    const expected = predictor.predict(samples);
    assert.equal(label, expected.label, name);
    assert.deepEqual(steps, expected.steps, name);
    for (const [c, p] of Object.entries(expected.probabilities)) {
      assert.ok(Math.abs(probabilities[c]! - p) <= 1e-5, `${name}: ${c}`);
    }
    labels.add(label);
  }
  assert.ok(labels.size >= 3, [...labels].join());
});

Deno.test("the page averages a record and its negative, divides by the temperature, and works in parts", () => {
  const ticket = { ...madeTicket({ density: 0.8 }), temperature: 1.7, flipAverage: true };
  using predictor = new Predictor(ticket);
  const judging = judgingOf(ticket);
  const run = pageEngine(ticket.network);
  const samples = Int16Array.from(madeSamples(256 * 60, 5), (x) => 300 * x);
  const logits = logitsOf(samples, judging, { run });
  assert.ok(worst(logits, predictor.logits(samples)) <= 1e-5);
  const parts = logitsOf(samples, judging, { run, mostSteps: 25 });
  assert.ok(worst(parts, logits) <= 1e-6);
  const got = judgementOf(logits, judging);
  const expected = predictor.judge(samples);
  assert.equal(got.label, expected.label);
  got.stepProbabilities.forEach((row, step) =>
    row.forEach((p, c) => assert.ok(Math.abs(p - expected.stepProbabilities[step]![c]!) <= 1e-5))
  );
});
