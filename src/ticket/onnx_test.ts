import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { analyse } from "../model/analyse.ts";
import { madeNetwork, madeSamples } from "./made_network.ts";
import { openInference, type TrainedNetwork } from "./network.ts";
import { onnxModel, type OnnxOptions } from "./onnx.ts";
import { OPSETS } from "./onnx_graph.ts";
import { loadOnnxRuntime } from "./onnxruntime.ts";
import { Predictor } from "../predict/predictor.ts";
import { madeTicket } from "./testing.ts";
import { runPython } from "./testing_programs.ts";
import { ODD_GRAPH } from "./testing_reference.ts";

const SHAPE = { filters: 5, kernel: 16, blocks: 6, blocksPerStage: 2, classes: 3 };

const runtime = loadOnnxRuntime();
if (!runtime.available) console.warn(`SKIPPED: ONNX models are not verified: ${runtime.reason}`);

/** Runs records of one length through onnxruntime and the engine; returns the largest difference. */
async function worstDifference(
  network: TrainedNetwork,
  { length, batch, ...options }: OnnxOptions & { length: number; batch: number },
): Promise<number> {
  assert.ok(runtime.available);
  const model = await runtime.open(onnxModel(network, options), { threads: 1 });
  const ecg = madeSamples(length * batch, length);
  const logits = await model.run(ecg, { batch });
  await model.close();
  using inference = openInference(network);
  const { mean = 0, std = 1 } = options.normalisation ?? {};
  const perRecord = logits.length / batch;
  const { hop } = analyse(network.graph);
  let worst = 0;
  for (let n = 0; n < batch; n++) {
    // An incomplete last step is left out.
    const whole = length - length % hop;
    const record = ecg.slice(n * length, n * length + whole).map((x) => (x - mean) / std);
    const expected = inference.run(record);
    assert.equal(perRecord, expected.length);
    expected.forEach((x, i) => {
      const each = Math.abs(x - logits[n * perRecord + i]!);
      if (!(each <= worst)) worst = each;
    });
  }
  return worst;
}

const ignore = !runtime.available;

Deno.test({
  name: "onnxruntime gives our logits for any batch and length, in every form",
  ignore,
  fn: async () => {
    for (const density of [1, 0.2]) {
      const network = madeNetwork(resnet1dGraph(SHAPE), { density, maskKind: "uniform", seed: 2 });
      for (const form of ["reduced", "as-trained"] as const) {
        for (const height of [false, true]) {
          for (const [batch, length] of [[1, 1024], [3, 512], [2, 331]] as const) {
            const worst = await worstDifference(network, { form, height, batch, length });
            assert.ok(worst <= 1e-4, `${form}, height ${height}, ${batch} x ${length}: ${worst}`);
          }
        }
      }
    }
  },
});

Deno.test({
  name: "removing filters keeps their constants, also at the ends of the record",
  ignore,
  fn: async () => {
    const network = madeNetwork(resnet1dGraph(SHAPE), {
      density: 0.5,
      maskKind: "uniform",
      seed: 6,
    });
    network.tensors.get("block0.conv1.weight")!.fill(0, 0, 3 * SHAPE.filters * SHAPE.kernel);
    network.tensors.get("block1.conv1.weight")!.fill(0);
    for (const block of [0, 1]) network.tensors.get(`block${block}.norm2.beta`)!.fill(2);
    network.tensors.get("block2.conv2.weight")!.fill(0);
    const worst = await worstDifference(network, { batch: 2, length: 300 });
    assert.ok(worst <= 1e-4, `${worst}`);
    // The five filters of block 1 become one, and three of block 0's.
    const saved = onnxModel(network, { form: "as-trained" }).length - onnxModel(network).length;
    const { filters, kernel } = SHAPE;
    assert.ok(saved > 4 * (4 + 2) * 2 * filters * kernel, `${saved} bytes saved`);
  },
});

Deno.test({
  name: "a model with normalisation takes stored units",
  ignore,
  fn: async () => {
    const network = madeNetwork(resnet1dGraph(SHAPE), {
      density: 0.3,
      maskKind: "global",
      seed: 7,
    });
    const normalisation = { mean: 0.5, std: 2.5 };
    const worst = await worstDifference(network, { normalisation, batch: 1, length: 512 });
    assert.ok(worst <= 1e-4, `${worst}`);
  },
});

Deno.test("the same network gives the same bytes", () => {
  const network = madeNetwork(resnet1dGraph(SHAPE), { density: 0.3, maskKind: "uniform", seed: 8 });
  assert.deepEqual(onnxModel(network), onnxModel(network));
});

Deno.test({
  name: "a 30 s record has the same steps and logits as in predict: 35 steps of 9,000 samples",
  ignore,
  fn: async () => {
    assert.ok(runtime.available);
    const ticket = madeTicket();
    using predictor = new Predictor(ticket);
    for (const opset of OPSETS) {
      const options = { normalisation: ticket.normalisation, opset };
      const model = await runtime.open(onnxModel(ticket.network, options), { threads: 1 });
      for (const [length, steps] of [[9000, 35], [8960, 35], [9215, 35], [256, 1]] as const) {
        const samples = madeSamples(length, length).map((x) => Math.round(300 * x));
        const logits = await model.run(samples, { batch: 1 });
        const expected = predictor.logits(samples);
        assert.equal(logits.length, 4 * steps);
        assert.equal(expected.length, logits.length);
        const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        expected.forEach((x, i) => assert.ok(Math.abs(x - logits[i]!) <= 1e-5 * largest));
      }
      await model.close();
    }
  },
});

const probe = runPython("-c", "import onnx");
if (!probe.success) console.warn("SKIPPED: ONNX files are not checked: there is no python3-onnx");

Deno.test({
  name: "the checker of the onnx package passes every operator set, with shapes",
  ignore: !probe.success,
  fn: () => {
    const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "onnx-"));
    try {
      const network = madeNetwork(ODD_GRAPH, { density: 0.5, maskKind: "uniform", seed: 1 });
      for (const opset of OPSETS) {
        for (const height of [false, true]) {
          const file = path.join(directory, "model.onnx");
          fs.writeFileSync(file, onnxModel(network, { opset, height }));
          const { success, text } = runPython("-c", CHECK, file, String(opset));
          assert.ok(success, text);
        }
      }
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  },
});

const CHECK = `import sys, onnx
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
assert model.opset_import[0].version == int(sys.argv[2]) and model.ir_version <= 8, model.ir_version`;

Deno.test("an operator set that is not supported is refused", () => {
  const network = madeNetwork(ODD_GRAPH, { density: 1, maskKind: "uniform", seed: 1 });
  assert.throws(() => onnxModel(network, { opset: 18 }), /opset must be one of 13, .*17, got 18/);
});
