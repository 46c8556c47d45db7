import assert from "node:assert/strict";
import { loadAddon } from "../addon/addon.ts";
import type { NativeDevice, Value } from "../addon/native.ts";
import { openDevice } from "../addon/select.ts";
import { analyse } from "../model/analyse.ts";
import { Network } from "../model/network.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { recordForward } from "../model/record.ts";
import { madeNetwork, madeSamples } from "./made_network.ts";
import { openInference, type TrainedNetwork } from "./network.ts";
import { ODD_GRAPH } from "./testing_reference.ts";

const SHAPE = { filters: 6, kernel: 16, blocks: 6, blocksPerStage: 2, classes: 4 };

/** The logits [classes, steps] of the program that evaluates during training. */
async function trainingLogits(
  device: NativeDevice,
  { network, samples }: { network: TrainedNetwork; samples: Float32Array },
): Promise<Float32Array> {
  using trained = new Network(device, {
    graph: network.graph,
    init: "fan-in",
    norm: { epsilon: network.epsilon, momentum: 0.1 },
  });
  for (const { name, parameter, prunable } of trained.parameters) {
    const data = network.tensors.get(name)!;
    if (prunable) parameter.setMask(Uint8Array.from(data, (value) => value === 0 ? 0 : 1));
    parameter.write("value", data);
  }
  for (const { name, buffer } of trained.buffers) buffer.write(network.tensors.get(name)!);
  using builder = device.builder({ records: 1, length: samples.length, seed: 1n });
  const x: Value = builder.input(1, samples.length);
  const { logits } = recordForward(builder, trained, { x, pass: "evaluation" });
  builder.output(logits);
  using program = builder.build();
  program.writeValue(x, { values: samples });
  await device.run([program], {});
  return program.readValue(logits);
}

/** Largest difference relative to the largest logit; NaN if any is. */
function difference(got: Float32Array, expected: Float32Array): number {
  assert.equal(got.length, expected.length);
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  let worst = 0;
  got.forEach((x, i) => {
    const each = Math.abs(x - expected[i]!) / largest;
    if (!(each <= worst)) worst = each;
  });
  return worst;
}

async function compare(network: TrainedNetwork, lengths: readonly number[]): Promise<void> {
  const device = openDevice({ backend: "cpu", threads: 1 });
  try {
    using inference = openInference(network);
    for (const length of lengths) {
      const samples = madeSamples(length, length);
      const expected = await trainingLogits(device, { network, samples });
      const worst = difference(inference.run(samples), expected);
      assert.ok(worst <= 1e-5, `length ${length}: ${worst}`);
      assert.equal(inference.steps(length) * analyse(network.graph).classes, expected.length);
    }
  } finally {
    await device.close();
  }
}

Deno.test("the engine gives the same logits as evaluation during training", async () => {
  for (const density of [1, 0.3, 0.05]) {
    for (const maskKind of ["uniform", "global"] as const) {
      const network = madeNetwork(resnet1dGraph(SHAPE), { density, maskKind, seed: 3 });
      await compare(network, [8, 77, 256, 999, 1024, 2560]);
    }
  }
});

Deno.test("the logits stay equal with dead filters, a single survivor and an empty layer", async () => {
  const network = madeNetwork(resnet1dGraph(SHAPE), { density: 0.4, maskKind: "uniform", seed: 4 });
  const row = SHAPE.filters * SHAPE.kernel;
  network.tensors.get("block0.conv1.weight")!.fill(0, 0, 2 * row);
  network.tensors.get("block1.conv1.weight")!.fill(0);
  network.tensors.get("block1.norm2.beta")!.fill(2); // the constant is not 0
  network.tensors.get("block2.conv2.weight")!.fill(0);
  const survivor = network.tensors.get("block3.conv1.weight")!.fill(0);
  survivor[survivor.length - 1] = 0.8;
  await compare(network, [1, 250, 1024, 1031]);
});

Deno.test("the logits of a network that is not a residual network are equal, too", async () => {
  // Training has kernels for strides of 1 and 2.
  const nodes = ODD_GRAPH.nodes.map((node) =>
    node.op !== "norm" && node.stride === 4 ? { ...node, stride: 2 } : node
  );
  for (const density of [1, 0.3]) {
    const graph = { name: "odd-of-tests", nodes };
    const network = madeNetwork(graph, { density, maskKind: "uniform", seed: 6 });
    await compare(network, [4, 250, 1024, 1031]);
  }
});

Deno.test("33 convolutions, 30 seconds, 2 % of the weights", async () => {
  const shape = { filters: 8, kernel: 16, blocks: 16, blocksPerStage: 4, classes: 4 };
  const network = madeNetwork(resnet1dGraph(shape), { density: 0.02, maskKind: "global", seed: 1 });
  await compare(network, [8960]);
});

Deno.test("wrong use of the engine is refused with the value", () => {
  const network = madeNetwork(resnet1dGraph(SHAPE), { density: 0.1, maskKind: "uniform", seed: 5 });
  const inference = openInference(network);
  assert.ok(inference.macs(1024) > 0 && inference.bytes > 0);
  assert.throws(() => inference.run(new Float32Array(0)), /samples must have from 1 .* got 0/);
  assert.throws(
    () => inference.run(new Float64Array(8) as unknown as Float32Array),
    /run: samples must be a Float32Array, got Float64Array of 8/,
  );
  assert.throws(() => inference.macs(1.5), /macs: length must be a whole number .* got 1.5/);
  inference.dispose();
  inference.dispose();
  assert.throws(() => inference.run(new Float32Array(8)), /it was disposed/);

  network.tensors.get("block2.norm2.gamma")![1] = NaN;
  assert.throws(
    () => openInference(network),
    /block2\.norm2\.gamma must be finite, but element 1 is/,
  );
  assert.throws(
    () => new (loadAddon().Inference)({} as never),
    /Inference: options\.nodes must be an array, got undefined/,
  );
  assert.throws(
    () =>
      openInference(
        madeNetwork(resnet1dGraph(SHAPE), { density: 1, maskKind: "uniform", seed: 1 }),
        {
          isa: "sse9" as never,
        },
      ),
    /isa must be one of .* got "sse9"/,
  );
});
