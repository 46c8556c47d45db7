import assert from "node:assert/strict";
import { prunableWeights } from "../model/graph.ts";
import { presetConfig } from "../config/presets.ts";
import { networkGraph, type NetworkSettings } from "../config/network_config.ts";
import { graphFile } from "../model/graph_file.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { namedNetwork } from "./network_file.ts";
import { smallNetwork, smallResnet } from "./small_network.ts";

const full = (filters: number) => ({
  filters,
  kernel: 16,
  blocks: 16,
  blocksPerStage: 4,
  classes: 4,
});

const weightsOf = (size: ReturnType<typeof full>) => prunableWeights(resnet1dGraph(size));

Deno.test("a network's own number of weights gives the network itself, that of another width gives that width", () => {
  const own = { kernel: 16, blocksPerStage: 4 };
  assert.deepEqual(smallResnet(full(32), 10_454_528), { filters: 32, ...own });
  for (const filters of [1, 7, 20]) {
    const weights = weightsOf(full(filters));
    assert.deepEqual(smallResnet(full(32), weights), { filters, ...own });
    // Within 2 % the kernel size does not change.
    assert.deepEqual(smallResnet(full(32), Math.round(weights * 1.015)), { filters, ...own });
  }
});

Deno.test("every density has a dense network within 2 % of the weights", () => {
  for (const filters of [4, 8, 16, 32]) {
    const total = weightsOf(full(filters));
    for (const density of [0.8, 0.5, 0.4, 0.25, 0.16, 0.064, 0.0256, 0.01, 0.004]) {
      const weights = Math.round(total * density);
      const size = weightsOf({ ...full(filters), ...smallResnet(full(filters), weights) });
      const off = Math.abs(size - weights) / weights;
      // One filter without doubling has 33 weights per sample of kernel size.
      assert.ok(off <= 0.02 || off * weights <= 33, `${filters}, ${density}: ${size}, ${weights}`);
    }
  }
  assert.deepEqual(smallResnet(full(32), 1), { filters: 1, kernel: 1, blocksPerStage: 16 });
});

Deno.test("a network from a file becomes narrower, near the ticket's weights, and stays valid", () => {
  const graph = namedNetwork("plain")!;
  const network: NetworkSettings = { ...presetConfig("quick", "cpu").network, graph };
  const sizeOf = (settings: NetworkSettings) => prunableWeights(networkGraph(settings, 4));
  const total = sizeOf(network);
  assert.deepEqual(smallNetwork(network, { weights: total, classes: 4 }), { graph });
  for (const density of [0.5, 0.25, 0.1, 0.03]) {
    const weights = Math.round(total * density);
    const small = { ...network, graph, ...smallNetwork(network, { weights, classes: 4 }) };
    assert.ok(graphFile.safeParse(small.graph).success);
    const off = Math.abs(sizeOf(small) / weights - 1);
    assert.ok(off < 0.02, `${density}: ${sizeOf(small)} for ${weights}`);
    const kernels = ({ nodes }: typeof graph) =>
      nodes.map((node) => [node.name, node.op === "conv" ? [node.kernel, node.stride] : null]);
    assert.deepEqual(kernels(small.graph), kernels(graph));
  }
});
