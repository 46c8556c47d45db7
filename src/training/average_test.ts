import assert from "node:assert/strict";
import type { Network } from "../model/network.ts";
import { adoptAverages, withAverages } from "./average.ts";
import { evaluate } from "./evaluate.ts";
import { type Progress, startOfTraining } from "./progress.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import { withBench } from "./testing.ts";
import { train, type TrainingObserver, type TrainingPlan } from "./train.ts";

const DECAY = 0.8;
const PLAN: TrainingPlan = {
  epochs: 2,
  noiseRound: 0,
  learningRate: () => 1e-2,
  milestone: null,
  earlyStopping: null,
  onNan: "stop",
};
const watching: TrainingObserver = {
  reached: () => {},
  advanced: () => false,
  epochDone: () => {},
};

/** The weights or averages of all tensors and statistics, one after another. */
function numbers(network: Network, slot: "value" | "average"): Float64Array {
  const statistics = network.averagedBuffers.map((buffer) => buffer[slot].read());
  const parameters = network.parameters.map(({ parameter }) => parameter.read(slot));
  return Float64Array.from([...parameters, ...statistics].flatMap((array) => [...array]));
}

/** Trains step by step; the numbers after each step. */
async function history(bench: Parameters<Parameters<typeof withBench>[1]>[0], steps: number) {
  const seen: Float64Array[] = [];
  for (const [i, batch] of bench.trainingBatches(0).slice(0, steps).entries()) {
    await bench.device.run([bench.trainingProgram(batch.length)], {
      records: bench.deviceRecords("train", batch),
      learningRates: Float32Array.of(1e-2),
      optimizerStep: i + 1,
      stream: i,
    });
    seen.push(numbers(bench.network, "value"));
  }
  return seen;
}

Deno.test("averages are the bias-corrected means of all steps, zero where pruned", () =>
  withBench({ average: DECAY }, async (bench) => {
    const { network } = bench;
    for (const { parameter } of network.prunable) {
      parameter.setMask(new Uint8Array(parameter.size).map((_, i) => i % 3 === 0 ? 1 : 0));
    }
    const seen = await history(bench, 3);
    const weights = seen.map((_, k) => DECAY ** (seen.length - 1 - k));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const got = numbers(network, "average");
    got.forEach((average, i) => {
      const want = seen.reduce((sum, values, k) => sum + weights[k]! * values[i]!, 0) / total;
      const scale = Math.max(...seen.map((values) => Math.abs(values[i]!)));
      assert.ok(Math.abs(average - want) <= 1e-6 * scale, `${i}: ${average}, not ${want}`);
    });
    assert.ok(seen[2]!.some((value, i) => value !== got[i]));
    for (const { parameter } of network.prunable) {
      const mask = parameter.readMask();
      assert.ok(parameter.read("average").every((x, i) => mask[i] === 1 || Object.is(x, 0)));
    }
  }));

Deno.test("averaging changes no weight; dev scores are those of the average, which becomes the network", async () => {
  const run = (average: number) =>
    withBench({ average }, async (bench) => {
      const progress = startOfTraining();
      await train(bench, PLAN, progress, watching);
      const state = takeSnapshot(bench.network, { optimiser: true });
      const own = await evaluate(bench, "dev");
      const averaged = await withAverages(bench.network, () => evaluate(bench, "dev"));
      assert.deepEqual(takeSnapshot(bench.network, { optimiser: true }), state);
      adoptAverages(bench.network);
      const adopted = await evaluate(bench, "dev");
      return { progress, state, own, averaged, adopted };
    });
  const [without, within] = [await run(0), await run(DECAY)];
  for (const [name, tensor] of without.state) {
    assert.deepEqual(within.state.get(name), tensor, name);
  }
  assert.equal([...within.state.keys()].some((key) => key.startsWith("average/")), true);
  assert.deepEqual(within.own, without.own);
  assert.deepEqual(within.adopted, within.averaged);
  assert.notDeepEqual(within.averaged, within.own);
  const devLosses = ({ progress }: { progress: Progress }) => progress.rows.map((r) => r.devLoss);
  assert.equal(devLosses(within).at(-1), within.averaged.scores.loss);
  assert.equal(devLosses(without).at(-1), without.own.scores.loss);
});

Deno.test("a step that is not applied changes no average", () =>
  withBench({ average: DECAY }, async (bench) => {
    await history(bench, 2);
    const { network } = bench;
    const stem = network.parameters[0]!.parameter;
    const sound = stem.read("value");
    stem.write("value", sound.map((_, i) => i % 2 === 0 ? 3e38 : -3e38));
    const before = numbers(network, "average");
    const [batch] = bench.trainingBatches(0);
    const { gradientNorm } = await bench.device.run([bench.trainingProgram(batch!.length)], {
      records: bench.deviceRecords("train", batch!),
      learningRates: Float32Array.of(1e-2),
      optimizerStep: 3,
      stream: 3,
    });
    assert.ok(!Number.isFinite(gradientNorm[0]));
    assert.deepEqual(numbers(network, "average"), before);
  }));

Deno.test("a snapshot without averages starts them at its weights, under the masks", () =>
  withBench({ average: DECAY }, async (bench) => {
    await history(bench, 2);
    const { network } = bench;
    const end = takeSnapshot(network, { optimiser: false });
    for (const { parameter } of network.prunable) {
      parameter.setMask(new Uint8Array(parameter.size).map((_, i) => i % 2));
    }
    restoreSnapshot(network, end);
    assert.deepEqual(numbers(network, "average"), numbers(network, "value"));
  }));
