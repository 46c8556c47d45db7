import assert from "node:assert/strict";
import * as path from "node:path";
import { openDevice } from "../src/addon/select.ts";
import { UsageError } from "../src/core/errors.ts";
import { doToyRun, halving, toyConfig, withToyDataset } from "../src/run/testing.ts";
import { PRESETS } from "../src/config/presets.ts";
import { layerDensities } from "./masks.ts";
import { runMasks } from "./run_masks.ts";
import { openBench } from "./shape.ts";
import { makeWeights } from "./weights.ts";

Deno.test("a run's layer densities carry over to a network of another width", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const { training } = PRESETS.quick;
    const config = toyConfig(data, {
      network: { ...PRESETS.cinc2017.network, filters: 2 },
      training: { ...training, epochs: 1, batchSize: 16 },
      pruning: halving(2),
    });
    const { summary } = await doToyRun({ directory: run, config });
    const device = openDevice({ backend: "cpu", threads: 1 });
    try {
      const shape = { batchSize: 2, length: 512, filters: 4 };
      const { weights } = await makeWeights(device, { ...shape, steps: 0 });
      using bench = openBench(device, shape);
      const masks = runMasks(run, weights);
      masks.apply(bench, 0.2); // round 2 has 0.25
      const densities = layerDensities(bench.network);
      const round = summary.rounds[2]!;
      for (const { name, kept, size } of round.layers) {
        assert.ok(Math.abs(densities.get(name)! - kept / size) < 0.05, name);
      }
      masks.apply(bench, 1);
      assert.ok([...layerDensities(bench.network).values()].every((density) => density === 1));
    } finally {
      await device.close();
    }
    assert.throws(() => runMasks(path.join(directory, "none"), new Map()), UsageError);
  }));
