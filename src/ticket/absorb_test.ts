import assert from "node:assert/strict";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { absorbAffine, absorbedWork, affineOf, type ConvNumbers, type ConvWork } from "./absorb.ts";
import { madeNetwork } from "./made_network.ts";

const SHAPE = { filters: 4, kernel: 3, blocks: 2, blocksPerStage: 2, classes: 2 };

Deno.test("a norm is one multiplication and one addition", () => {
  const network = madeNetwork(resnet1dGraph(SHAPE), { density: 1, maskKind: "uniform", seed: 1 });
  for (const [tensor, value] of [["gamma", 3], ["beta", 5], ["running_mean", 2]] as const) {
    network.tensors.get(`stem.norm.${tensor}`)!.fill(value);
  }
  network.tensors.get("stem.norm.running_variance")!.fill(4 - network.epsilon);
  const { scale, shift } = affineOf(network, "stem.norm");
  assert.ok(Math.abs(scale[1]! - 1.5) < 1e-6); // 3 / sqrt(4)
  assert.ok(Math.abs(shift[1]! - 2) < 1e-6); // 5 - 2 * 1.5
  const conv = {
    outChannels: 1,
    inChannels: 1,
    kernel: 2,
    stride: 1,
    weight: Float32Array.of(2, 4),
    bias: Float32Array.of(1),
  };
  const absorbed = absorbAffine(conv, { scale: Float64Array.of(1.5), shift: Float64Array.of(2) });
  assert.deepEqual([...absorbed.weight, ...absorbed.bias], [3, 6, 3.5]);
});

Deno.test("dead and unread filters are removed, a constant stays as one filter", () => {
  const network = madeNetwork(resnet1dGraph(SHAPE), { density: 1, maskKind: "uniform", seed: 2 });
  const inner = (change: () => void) => {
    change();
    const [first, second] = ["block1.conv1", "block1.conv2"].map((layer) =>
      absorbedWork(network).find((work): work is ConvWork =>
        work.op === "conv" && work.layer === layer
      )!.numbers
    ) as [ConvNumbers, ConvNumbers];
    assert.equal(first.outChannels, second.inChannels);
    assert.equal(first.weight.length, first.outChannels * 4 * 3);
    assert.equal(second.weight.length, 4 * second.inChannels * 3);
    return first.outChannels;
  };
  const [conv1, conv2] = [1, 2].map((i) => network.tensors.get(`block1.conv${i}.weight`)!);
  assert.equal(inner(() => {}), 4);
  assert.equal(
    inner(() => { // nothing reads filter 2
      for (let co = 0; co < 4; co++) conv2!.fill(0, (co * 4 + 2) * 3, (co * 4 + 3) * 3);
    }),
    3,
  );
  // Filter 0 is dead and below 0: it adds nothing.
  conv1!.fill(0, 0, 12);
  assert.equal(inner(() => network.tensors.get("block1.norm2.beta")!.fill(-9, 0, 1)), 2);
  // Above 0 it is a constant, which needs a filter of its own.
  assert.equal(inner(() => network.tensors.get("block1.norm2.beta")!.fill(9, 0, 1)), 3);
  assert.equal(inner(() => conv1!.fill(0)), 1);
});
