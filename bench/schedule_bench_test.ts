import assert from "node:assert/strict";
import { openDevice } from "../src/addon/select.ts";
import { countWeights } from "../src/pruning/prune.ts";
import { keepAtRandom, keepLargest } from "./masks.ts";
import { benchSchedule, interpolate } from "./schedule_bench.ts";
import { openBench } from "./shape.ts";
import { makeWeights } from "./weights.ts";

const SHAPE = { batchSize: 2, length: 512, filters: 4 };

Deno.test("rounds that are not measured lie between their neighbours on a logarithmic scale", () => {
  const entry = (round: number, milliseconds: number) => ({
    round,
    density: 0.8 ** round,
    milliseconds,
    measured: !Number.isNaN(milliseconds),
    pruning: 0,
    usefulFlops: 0,
  });
  const times = interpolate([entry(0, 800), entry(1, NaN), entry(2, NaN), entry(3, 100)])
    .map(({ milliseconds }) => Math.round(milliseconds));
  assert.deepEqual(times, [800, 400, 200, 100]);
});

Deno.test("a schedule prunes a fifth of what is left each round and adds up all its steps", async () => {
  const device = openDevice({ backend: "cpu", threads: 1 });
  try {
    const { weights } = await makeWeights(device, { ...SHAPE, steps: 0 });
    using bench = openBench(device, SHAPE);
    const options = {
      ...{ weights, length: SHAPE.length, pruningRounds: 3, fraction: 0.2, stepsPerRound: 50 },
      ...{ every: 2, inFull: false, warmup: 0, repeat: 1 },
    };
    for (const keep of [keepLargest, keepAtRandom]) {
      const { rounds, seconds, inFull } = await benchSchedule(bench, {
        ...options,
        prune: (bench, count) => {
          const { select, mask } = keep(bench, count);
          return select + mask;
        },
      });
      assert.equal(inFull, false);
      assert.deepEqual(rounds.map(({ measured }) => measured), [true, false, true, true]);
      rounds.forEach(({ density }, round) => assert.ok(Math.abs(density - 0.8 ** round) < 1e-3));
      const flops = rounds.map(({ usefulFlops }) => usefulFlops);
      assert.deepEqual(flops, [...flops].sort((a, b) => b - a));
      const total = rounds.reduce((sum, r) => sum + 50 * r.milliseconds + r.pruning, 0) / 1000;
      assert.ok(Math.abs(seconds - total) < 1e-9);
      const { kept, prunable } = countWeights(bench.network);
      assert.ok(Math.abs(kept / prunable - 0.512) < 0.02, String(kept / prunable));
    }
  } finally {
    await device.close();
  }
});
