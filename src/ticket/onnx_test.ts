import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { INPUT } from "../model/graph.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { analyse } from "../model/analyse.ts";
import { madeNetwork, madeSamples } from "./made_network.ts";
import { openInference, type TrainedNetwork } from "./network.ts";
import { onnxModel, type OnnxOptions } from "./onnx.ts";
import { onnxBytes } from "./onnx_bytes.ts";
import { OPSETS } from "./onnx_graph.ts";
import { loadOnnxRuntime } from "./onnxruntime.ts";
import { Predictor } from "../predict/predictor.ts";
import { madeTicket } from "./testing.ts";
import { pythonHas, runPython } from "./testing_programs.ts";
import { ODD_GRAPH, PLAIN_GRAPH } from "./testing_reference.ts";

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

Deno.test({
  name: "sparse weights give the same logits, 16-bit weights those of the rounded network",
  ignore,
  fn: async () => {
    const { open } = runtime as Extract<typeof runtime, { available: true }>;
    // Norms after sums alone, so that no weight is scaled after it was rounded.
    const graph = { ...PLAIN_GRAPH, nodes: PLAIN_GRAPH.nodes.filter(({ op }) => op !== "norm") };
    let input = INPUT;
    const nodes = graph.nodes.map((node) => {
      const joined = { ...node, input };
      input = node.name;
      return joined;
    });
    for (const density of [0.9, 0.15, 0.05]) {
      const network = madeNetwork({ ...graph, nodes }, { density, maskKind: "uniform", seed: 3 });
      const halves = [...network.tensors].map(([name, data]) =>
        [name, /weight$/.test(name) ? Float32Array.from(data, Math.f16round) : data] as const
      );
      const rounded = { ...network, tensors: new Map(halves) };
      const samples = madeSamples(512);
      const logits = async (of: TrainedNetwork, options: OnnxOptions): Promise<Float32Array> => {
        const model = await open(onnxModel(of, options), { threads: 1 });
        const got = await model.run(samples, { batch: 1 });
        await model.close();
        return got;
      };
      const whole = await logits(network, {});
      const half = await logits(rounded, {});
      assert.notDeepEqual(half, whole);
      assert.deepEqual(await logits(network, { sparse: true }), whole);
      assert.deepEqual(await logits(network, { float16: true }), half);
      assert.deepEqual(await logits(network, { float16: true, sparse: true }), half);
      // Dense, a weight takes 4 bytes or 2; sparse, a survivor takes 12 or 10.
      const kept = (options: OnnxOptions) => {
        const { survivors, zeros, places } = onnxBytes(onnxModel(network, options));
        return survivors + zeros + places;
      };
      const dense = kept({});
      assert.equal(kept({ float16: true }), dense / 2);
      if (density === 0.9) assert.equal(kept({ sparse: true }), dense);
      if (density === 0.15) {
        assert.ok(kept({ sparse: true }) < 0.6 * dense);
        assert.ok(kept({ sparse: true, float16: true }) < 0.45 * dense);
      }
      if (density === 0.05) assert.ok(kept({ sparse: true, float16: true }) < 0.2 * dense);
    }
  },
});

Deno.test("what the bytes of a model are", () => {
  const network = madeNetwork(resnet1dGraph(SHAPE), {
    density: 0.1,
    maskKind: "uniform",
    seed: 2,
  });
  const tensors = [...network.tensors];
  const weights = tensors.filter(([name]) => /weight$/.test(name)).flatMap(([, data]) => [...data]);
  const kept = weights.filter((value) => value !== 0).length;
  const form = "as-trained";
  const file = onnxModel(network, { form });
  const dense = onnxBytes(file);
  assert.deepEqual([dense.survivors, dense.zeros], [4 * kept, 4 * (weights.length - kept)]);
  assert.equal(dense.places, 0);
  const { survivors, zeros, places, others, rest } = dense;
  assert.equal(survivors + zeros + places + others + rest, file.length);
  assert.equal(onnxBytes(onnxModel(network, { form, float16: true })).survivors, 2 * kept);
  const sparse = onnxBytes(onnxModel(network, { form, sparse: true }));
  assert.equal(sparse.survivors, 4 * kept);
  assert.ok(sparse.zeros < 0.1 * dense.zeros && sparse.places % 8 === 0 && sparse.places > 0);
});

Deno.test("a weight that 16-bit floats cannot hold is refused", () => {
  const network = madeNetwork(resnet1dGraph(SHAPE), { density: 1, maskKind: "uniform", seed: 2 });
  network.tensors.get("head.weight")![3] = -70000;
  onnxModel(network);
  assert.throws(
    () => onnxModel(network, { float16: true }),
    (error) =>
      error instanceof UsageError && /head\.weight .* -70000, at most 65504/.test(error.message),
  );
});

const hasOnnx = pythonHas(["onnx"], "ONNX files are not checked");

Deno.test({
  name: "the checker of the onnx package passes every operator set, with shapes",
  ignore: !hasOnnx,
  fn: () => {
    const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "onnx-"));
    try {
      const network = madeNetwork(ODD_GRAPH, { density: 0.15, maskKind: "uniform", seed: 1 });
      for (const opset of OPSETS) {
        const file = (name: string, options: OnnxOptions) => {
          const at = path.join(directory, `${name}-${opset}.onnx`);
          fs.writeFileSync(at, onnxModel(network, { opset, ...options }));
          return at;
        };
        const files = [
          ...[file("flat", {}), file("high", { height: true })],
          ...[file("half", { float16: true }), file("sparse", { sparse: true, float16: true })],
        ];
        const { success, text } = runPython("-c", CHECK, String(opset), ...files);
        assert.ok(success, text);
      }
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  },
});

// Its shape inference does not know sparse weights.
const CHECK = `import sys, onnx
for file in sys.argv[2:]:
    model = onnx.load(file)
    sparse = len(model.graph.sparse_initializer) > 0
    assert sparse == ("sparse" in file), file
    onnx.checker.check_model(model, full_check=not sparse)
    assert model.opset_import[0].version == int(sys.argv[1]) and model.ir_version <= 8, file`;

Deno.test("an operator set that is not supported is refused", () => {
  const network = madeNetwork(ODD_GRAPH, { density: 1, maskKind: "uniform", seed: 1 });
  assert.throws(() => onnxModel(network, { opset: 18 }), /opset must be one of 13, .*17, got 18/);
});
