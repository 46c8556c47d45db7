/**
 * Networks that are not residual networks, in the engine and every export, against float64 references.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { analyse } from "../model/analyse.ts";
import type { Graph } from "../model/graph.ts";
import { graphProblems } from "../model/graph_problems.ts";
import { Predictor } from "../predict/predictor.ts";
import { madeNetwork, madeSamples } from "./made_network.ts";
import { openInference, type TrainedNetwork } from "./network.ts";
import { onnxModel } from "./onnx.ts";
import { loadOnnxRuntime } from "./onnxruntime.ts";
import { encodePytorch } from "./pytorch.ts";
import { madeTicket } from "./testing.ts";
import { COMPILER, withProgram } from "./testing_c.ts";
import { LTH_ECG_PY, pythonHas, runPython } from "./testing_programs.ts";
import { ODD_GRAPH, PLAIN_GRAPH, randomGraph, referenceLogits } from "./testing_reference.ts";
import { decodeTicket, encodeTicket } from "./ticket_file.ts";

const GRAPHS = [PLAIN_GRAPH, ODD_GRAPH];

const runtime = loadOnnxRuntime();
if (!runtime.available) console.warn(`SKIPPED: ONNX models are not verified: ${runtime.reason}`);

/** Networks with a graph: dense, pruned, and with dead filters whose constants are not 0. */
function* networksOf(graph: Graph): Generator<[string, TrainedNetwork]> {
  for (const density of [1, 0.3]) {
    const network = madeNetwork(graph, { density, maskKind: "uniform", seed: 9 });
    yield [`${graph.name}, density ${density}`, network];
  }
  const dead = madeNetwork(graph, { density: 0.6, maskKind: "uniform", seed: 10 });
  for (const node of graph.nodes) {
    if (node.op === "conv" && node.name !== "head") {
      const weight = dead.tensors.get(`${node.name}.weight`)!;
      weight.fill(0, 0, weight.length / node.channels * Math.ceil(node.channels / 2));
    } else if (node.op === "norm") {
      dead.tensors.get(`${node.name}.beta`)!.fill(0.7);
    }
  }
  yield [`${graph.name} with dead filters`, dead];
}

/** Largest difference over the largest logit; both [classes, steps]. */
function worst(got: ArrayLike<number>, expected: Float64Array): number {
  assert.equal(got.length, expected.length);
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  let most = 0;
  expected.forEach((x, i) => {
    const each = Math.abs(got[i]! - x) / largest;
    if (!(each <= most)) most = each;
  });
  return most;
}

Deno.test("the graphs of these tests are valid", () => {
  const random = Array.from({ length: 150 }, (_, seed) => randomGraph(seed));
  for (const graph of [...GRAPHS, ...random]) assert.deepEqual(graphProblems(graph), []);
});

Deno.test("the engine gives the logits of the definition, at any length", () => {
  for (const graph of GRAPHS) {
    for (const [name, network] of networksOf(graph)) {
      for (const isa of ["portable", "automatic"] as const) {
        using inference = openInference(network, { isa });
        for (const length of [1, 7, 8, 100, 1024, 1029, 3000]) {
          const samples = madeSamples(length, length);
          const difference = worst(inference.run(samples), referenceLogits(network, samples));
          assert.ok(difference <= 1e-5, `${name}, ${isa}, length ${length}: ${difference}`);
        }
      }
    }
  }
});

Deno.test("networks drawn at random give the logits of the definition, absorbed or not", async () => {
  for (let seed = 0; seed < 150; seed++) {
    const graph = randomGraph(seed);
    for (const [name, network] of networksOf(graph)) {
      using inference = openInference(network);
      for (const length of [16, 77, 1024]) {
        const samples = madeSamples(length, length);
        const difference = worst(inference.run(samples), referenceLogits(network, samples));
        assert.ok(difference <= 1e-5, `${name}, length ${length}: ${difference}`);
      }
      if (!runtime.available || seed % 5 !== 0) continue;
      const model = await runtime.open(onnxModel(network), { threads: 1 });
      const samples = madeSamples(160, 1);
      const logits = await model.run(samples, { batch: 1 });
      await model.close();
      assert.ok(worst(logits, referenceLogits(network, samples)) <= 1e-5, `${name}: ONNX`);
    }
  }
});

Deno.test("a ticket carries its graph, and predicts from it, whole or in parts", () => {
  // A file may only hold strides that can be trained: 1 and 2.
  const nodes = PLAIN_GRAPH.nodes.map((node) =>
    node.op === "conv" && node.stride === 4 ? { ...node, stride: 2 } : node
  );
  const graph = { name: "plain-of-tests", nodes };
  const ticket = madeTicket({ graph, density: 0.5 });
  const again = decodeTicket(encodeTicket(ticket), "x");
  assert.deepEqual(again, ticket);
  const { hop } = analyse(graph);
  assert.equal(hop, 4);
  using predictor = new Predictor(again);
  using inParts = new Predictor(again, { mostSteps: 40 });
  const samples = Int16Array.from(madeSamples(1502, 3), (x) => 300 * x);
  const { mean, std } = ticket.normalisation;
  const whole = samples.subarray(0, 1500);
  const expected = referenceLogits(ticket.network, Array.from(whole, (x) => (x - mean) / std));
  assert.ok(worst(predictor.logits(samples), expected) <= 1e-5);
  assert.ok(worst(inParts.logits(samples), expected) <= 1e-5);
  assert.throws(
    () => encodeTicket(madeTicket({ graph: ODD_GRAPH })),
    /Cannot write a ticket of odd-of-tests: .*"pooled".*stride/,
  );
});

Deno.test({
  name: "onnxruntime gives the logits of the definition, of whole steps",
  ignore: !runtime.available,
  fn: async () => {
    assert.ok(runtime.available);
    for (const graph of GRAPHS) {
      for (const [name, network] of networksOf(graph)) {
        for (const form of ["reduced", "as-trained"] as const) {
          const model = await runtime.open(onnxModel(network, { form }), { threads: 1 });
          for (const length of [8, 264, 999]) {
            const samples = madeSamples(length, length);
            const logits = await model.run(samples, { batch: 1 });
            const whole = samples.subarray(0, length - length % 8);
            const difference = worst(logits, referenceLogits(network, whole));
            assert.ok(difference <= 1e-5, `${name}, ${form}, length ${length}: ${difference}`);
          }
          await model.close();
        }
      }
    }
  },
});

if (COMPILER === undefined) console.warn("SKIPPED: exported C is not compiled: there is no cc");

Deno.test({
  name: "the exported C streams the logits of the definition",
  ignore: COMPILER === undefined,
  fn: async () => {
    for (const graph of [...GRAPHS, ...[10, 82, 132].map(randomGraph)]) {
      const { hop } = analyse(graph);
      for (const [name, network] of networksOf(graph)) {
        const made = { ...madeTicket({ graph }), network };
        const ticket = { ...made, normalisation: { mean: 0.5, std: 300, rate: 300 } };
        await withProgram({ ticket, weights: "fp32" }, async (run) => {
          for (const steps of [1, 3, 120]) {
            const samples = Int16Array.from(madeSamples(hop * steps, steps), (x) => 300 * x);
            const input = Array.from(samples, (x) => (x - 0.5) / 300);
            const { logits } = await run(samples); // [steps, classes]
            const rows = Float32Array.from(
              logits,
              (_, i) => logits[i % steps * 4 + Math.floor(i / steps)]!,
            );
            const difference = worst(rows, referenceLogits(network, input));
            assert.ok(difference <= 2e-5, `${name}, ${steps} steps: ${difference}`);
          }
        });
      }
    }
  },
});

const hasTorch = pythonHas(["torch"], "exports are not loaded into PyTorch");

Deno.test({
  name: "PyTorch gives the logits of the definition",
  ignore: !hasTorch,
  fn: () => {
    const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "pytorch-"));
    const at = (name: string) => path.join(directory, name);
    try {
      for (const graph of GRAPHS) {
        const [, [, network]] = [...networksOf(graph)] as [unknown, [string, TrainedNetwork]];
        const samples = madeSamples(515);
        fs.writeFileSync(at("input"), new Uint8Array(samples.buffer));
        fs.writeFileSync(at("model"), encodePytorch(network, { sparse: true }));
        const files = [at("model"), at("input"), at("output")];
        const { success, text } = runPython(LTH_ECG_PY, "logits", ...files);
        assert.ok(success, text);
        const logits = new Float32Array(new Uint8Array(fs.readFileSync(at("output"))).buffer);
        const difference = worst(logits, referenceLogits(network, samples));
        assert.ok(difference <= 1e-5, `${graph.name}: ${difference}`);
      }
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  },
});
