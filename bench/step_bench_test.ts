import assert from "node:assert/strict";
import { openDevice } from "../src/addon/select.ts";
import { countWeights } from "../src/pruning/prune.ts";
import { magnitudeMasks, uniformMasks } from "./masks.ts";
import { openBench } from "./shape.ts";
import { benchSteps, slowerThanDenser, type StepTiming } from "./step_bench.ts";
import { median } from "./step_time.ts";
import { makeWeights } from "./weights.ts";

const SHAPE = { batchSize: 2, length: 512, filters: 4 };

function timing(density: number, median: number): StepTiming {
  const times = { median, fastest: median, slowest: median };
  return { asked: density, density, layers: {}, denseFlops: 1, usefulFlops: 1, ops: [], ...times };
}

Deno.test("a density that is slower than the next higher one is named, in whatever order", () => {
  assert.deepEqual(slowerThanDenser([timing(1, 100), timing(0.5, 60), timing(0.1, 59)]), []);
  assert.deepEqual(slowerThanDenser([timing(0.1, 70), timing(1, 100), timing(0.5, 60)]), [
    "density 0.10 takes 70 ms, 0.50 only 60 ms",
  ]);
  // Within what repeated measurements differ by.
  assert.deepEqual(slowerThanDenser([timing(1, 100), timing(0.5, 101)]), []);
});

Deno.test("the median of an even number is between its middle two", () => {
  assert.equal(median([1, 2, 10]), 2);
  assert.equal(median([1, 2, 4, 10]), 3);
});

Deno.test("steps are timed at the densities that were asked for, with the work they do", async () => {
  const device = openDevice({ backend: "cpu", threads: 1 });
  try {
    const { weights } = await makeWeights(device, { ...SHAPE, steps: 0 });
    using bench = openBench(device, SHAPE);
    const { prunable } = countWeights(bench.network);
    const options = { length: SHAPE.length, warmup: 1, repeat: 2, densities: [1, 0.25] };
    for (const masks of [uniformMasks(weights), magnitudeMasks(weights, "He init")]) {
      const [dense, sparse] = await benchSteps(bench, { ...options, masks });
      assert.equal(dense!.density, 1);
      assert.equal(dense!.usefulFlops, dense!.denseFlops);
      assert.ok(Math.abs(sparse!.density - 0.25) < 0.01, String(sparse!.density));
      assert.equal(sparse!.denseFlops, dense!.denseFlops);
      assert.ok(sparse!.usefulFlops < dense!.usefulFlops);
      assert.ok(sparse!.fastest <= sparse!.median && sparse!.median <= sparse!.slowest);
      const kept = bench.network.prunable.map(({ name, parameter: { size } }) =>
        sparse!.layers[name]! * size
      );
      assert.ok(Math.abs(kept.reduce((a, b) => a + b) / prunable - sparse!.density) < 1e-9);
      if (masks.kind === "magnitude") {
        assert.equal(countWeights(bench.network).kept, Math.round(0.25 * prunable));
        // He weights are larger where fewer inputs are summed.
        assert.ok(sparse!.layers["stem.weight"]! > sparse!.layers["block15.conv2.weight"]!);
      }
    }
  } finally {
    await device.close();
  }
});
