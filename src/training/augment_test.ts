/**
 * Training with augmentation: it is reproducible and does not touch evaluation.
 */
import assert from "node:assert/strict";
import type { Augmentation } from "../addon/native.ts";
import { openTestDevice } from "../addon/testing.ts";
import { evaluate } from "./evaluate.ts";
import { noiseDataset, SMALL, withBench } from "./testing.ts";
import { Workbench } from "./workbench.ts";

const EVERYTHING: Augmentation = {
  hop: 256,
  stretch: [1, 1.33],
  log2Amplitude: [-1, 1],
  wander: { amplitude: [0, 200], frequency: [0.0002, 0.002] },
  noise: [0, 30],
  bursts: { probability: 0.01, length: 9 },
  masks: { count: 1, length: 100 },
  mixup: 0.4,
};

/** All weights after the first epoch's steps, in runs of `chunk` steps. */
async function trained(options: { chunk: number; threads: number; augment: Augmentation | null }) {
  const { chunk, threads, augment } = options;
  const device = openTestDevice({ threads });
  try {
    using bench = new Workbench(device, noiseDataset(), { ...SMALL, augment });
    bench.network.initialise(7);
    const batches = [0, 1, 2].flatMap((epoch) => bench.trainingBatches(epoch));
    for (let step = 0; step < batches.length; step += chunk) {
      const part = batches.slice(step, step + chunk);
      await device.run(part.map(({ length }) => bench.trainingProgram(length)), {
        records: Int32Array.from(part.flatMap((batch) => [...bench.deviceRecords("train", batch)])),
        learningRates: new Float32Array(part.length).fill(0.01),
        optimizerStep: step + 1,
        stream: step,
      });
    }
    return bench.network.parameters.flatMap(({ parameter }) => [...parameter.read("value")]);
  } finally {
    await device.close();
  }
}

Deno.test("weights depend neither on interruptions of training nor on the number of threads", async () => {
  const want = await trained({ chunk: 100, threads: 1, augment: EVERYTHING });
  assert.ok(want.every(Number.isFinite));
  assert.deepEqual(await trained({ chunk: 2, threads: 3, augment: EVERYTHING }), want);
  assert.notDeepEqual(await trained({ chunk: 100, threads: 1, augment: null }), want);
});

Deno.test("an augmentation that changes nothing gives the same bits as no augmentation", async () => {
  const without = await trained({ chunk: 100, threads: 2, augment: null });
  const nothing = { hop: 256, stretch: [1, 1], log2Amplitude: [0, 0], noise: [0, 0] } as const;
  assert.deepEqual(await trained({ chunk: 100, threads: 2, augment: nothing }), without);
});

Deno.test("evaluation sees whole records without changes", async () => {
  const scores = await withBench({}, async (bench) => (await evaluate(bench, "dev")).scores);
  const augmented = await withBench(
    { augment: EVERYTHING, longest: 512 },
    async (bench) => (await evaluate(bench, "dev")).scores,
  );
  assert.deepEqual(augmented, scores);
});

Deno.test("a crop makes training batches shorter, and each record is in one of them", async () => {
  await withBench({ augment: { hop: 256 }, longest: 512 }, (bench) => {
    const batches = bench.trainingBatches(0);
    assert.equal(Math.max(...batches.map(({ length }) => length)), 512);
    const records = batches.flatMap((batch) => [...batch.records]).filter((r) => r >= 0);
    assert.equal(new Set(records).size, bench.split("train").lengths.length);
    assert.equal(bench.trainingProgram(512).length, 512);
    return Promise.resolve();
  });
});
