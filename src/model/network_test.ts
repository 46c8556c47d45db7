import assert from "node:assert/strict";
import { openDevice } from "../addon/select.ts";
import { PRESETS } from "../config/presets.ts";
import { costOf } from "../pruning/cost.ts";
import { analyse } from "./analyse.ts";
import { Network } from "./network.ts";
import { resnet1dGraph } from "./networks/resnet1d.ts";

const { network } = PRESETS.cinc2017;
const { init } = network;
const norm = { epsilon: network.normEpsilon, momentum: network.normMomentum };

Deno.test("the full network has the published size", async () => {
  const device = openDevice({ backend: "cpu" });
  try {
    using net = new Network(device, {
      graph: resnet1dGraph({ ...network, classes: 4 }),
      init,
      norm,
    });
    const cost = costOf(net);
    assert.equal(net.prunable.length, 34);
    assert.equal(net.prunable.reduce((sum, p) => sum + p.parameter.size, 0), 10_454_528);
    assert.equal(cost.parameters, 10_466_148);
    // 270,848 multiply-adds per sample (2.427 G for 8,960); the head, once per 256 samples, adds 4.
    assert.equal(cost.denseMacs, 270_848 * 8960 + 4 * 8960);
    assert.equal(net.hop, 256);
    assert.equal(net.analysis.head.samplesPerOutput, 256);
  } finally {
    await device.close();
  }
});

Deno.test("initial weights have He's variance, one random stream per tensor, and follow the seed", async () => {
  const device = openDevice({ backend: "cpu" });
  try {
    using net = new Network(device, {
      graph: resnet1dGraph({ ...network, filters: 16, classes: 4 }),
      init,
      norm,
    });
    net.initialise(1);
    const read = () => net.prunable.map((p) => p.parameter.read("value"));
    const first = read();
    for (const [i, { name, parameter }] of net.prunable.entries()) {
      const [, inChannels, kernel] = parameter.shape as [number, number, number];
      const values = first[i]!;
      const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
      // The relative standard error of a variance of n normals is sqrt(2 / n). Five of them are allowed.
      const bound = 5 * Math.sqrt(2 / values.length);
      assert.ok(Math.abs(variance * inChannels * kernel / 2 - 1) < bound, `${name}: ${variance}`);
    }
    assert.notDeepEqual(first[1]!.slice(0, 8), first[2]!.slice(0, 8));
    net.initialise(2);
    assert.notDeepEqual(read()[1], first[1]);
    net.initialise(1);
    assert.deepEqual(read(), first);
  } finally {
    await device.close();
  }
});

Deno.test("the hop is the product of the strides", () => {
  const hopOf = (blocks: number) => analyse(resnet1dGraph({ ...network, blocks, classes: 4 })).hop;
  assert.deepEqual([1, 2, 3, 16, 17].map(hopOf), [1, 2, 2, 256, 256]);
});
