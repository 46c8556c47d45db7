import assert from "node:assert/strict";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { footprintOf } from "./footprint.ts";
import { FULL_SHAPE, madeNetwork } from "./made_network.ts";

Deno.test("the full network has the published counts", () => {
  const shape = { ...FULL_SHAPE };
  const network = madeNetwork(resnet1dGraph(shape), { density: 1, maskKind: "uniform", seed: 1 });
  const footprint = footprintOf(network, 300);
  assert.equal(footprint.weights, 10_454_528);
  assert.equal(footprint.kept, 10_454_528);
  assert.equal(footprint.denseMacsPerSecond, 2_426_833_920 / 8960 * 300);
  assert.equal(footprint.macsPerSecond, footprint.denseMacsPerSecond);
  assert.equal(footprint.smallest, "dense");
  assert.equal(footprint.bytes.dense, 4 * footprint.parameters);
});

Deno.test("bytes with index, counted by hand", () => {
  const shape = { filters: 1, kernel: 300, blocks: 1, blocksPerStage: 1, classes: 1 };
  const network = madeNetwork(resnet1dGraph(shape), { density: 1, maskKind: "uniform", seed: 1 });
  for (const [name, data] of network.tensors) if (/weight$/.test(name)) data.fill(0);
  const stem = network.tensors.get("stem.weight")!;
  stem[0] = stem[299] = 1; // distances 1 and 299: one byte and two
  const { kept, parameters, weights, bytes, smallest } = footprintOf(network, 300);
  assert.deepEqual([weights, kept], [901, 2]);
  const others = parameters - weights;
  assert.equal(others, 4 + 4 * 3);
  assert.equal(bytes.delta - 4 * others, 2 * 4 + 3);
  assert.equal(bytes.csr - 4 * others, 2 * 6 + 4 * 8);
  assert.equal(bytes.bitmap - 4 * others, 2 * 4 + 3 * 38 + 1);
  assert.equal(smallest, "delta");
});
