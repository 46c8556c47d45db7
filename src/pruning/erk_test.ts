import assert from "node:assert/strict";
import { prunableTensors } from "../model/graph.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { erkCounts } from "./erk.ts";

const network = (filters: number) =>
  prunableTensors(
    resnet1dGraph({ filters, kernel: 16, blocks: 16, blocksPerStage: 4, classes: 4 }),
  );
const sizeOf = ([out, inner, kernel]: readonly [number, number, number]) => out * inner * kernel;

Deno.test("hand-worked: densities in the ratio of (out + in + K) / (out * in * K)", () => {
  const layers = [{ shape: [10, 10, 10] }, { shape: [20, 30, 10] }] as const;
  // Widths 30 and 60 divide 90 weights.
  assert.deepEqual(erkCounts(layers, 90), [30, 60]);
  assert.deepEqual(erkCounts(layers, 0), [0, 0]);
  assert.deepEqual(erkCounts(layers, 7000), [1000, 6000]);
  // 30 / 90 of 6,000 is more than the first layer has, so that layer is dense.
  assert.deepEqual(erkCounts(layers, 6000), [1000, 5000]);
  assert.deepEqual(erkCounts(layers, 100), [33, 67]);
  assert.throws(() => erkCounts(layers, 7001), /Cannot keep 7001 of 7000 weights/);
});

Deno.test("in the network the count is exact, no layer exceeds its size, and narrow layers are denser", () => {
  for (const filters of [1, 4, 32]) {
    const layers = network(filters);
    const total = layers.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    for (const theta of [1, 1.5, 2.5, 6.25, 39, 142, 1000, 5000]) {
      const keep = Math.round(total / theta);
      const counts = erkCounts(layers, keep);
      assert.equal(counts.reduce((a, b) => a + b, 0), keep);
      counts.forEach((count, i) => assert.ok(count >= 0 && count <= sizeOf(layers[i]!.shape)));
      const density = counts.map((count, i) => count / sizeOf(layers[i]!.shape));
      if (theta === 6.25) assert.ok(density[0]! >= density[2]! && density[2]! > density.at(-2)!);
    }
  }
});
