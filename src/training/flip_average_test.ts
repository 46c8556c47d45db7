import assert from "node:assert/strict";
import { evaluate, readLogits } from "./evaluate.ts";
import { averagedLogits } from "./flip_average.ts";
import { softmaxOfStep } from "./softmax.ts";
import { noiseDataset, SMALL, withBench } from "./testing.ts";
import { openTestDevice } from "../addon/testing.ts";
import { Workbench } from "./workbench.ts";

function softmaxAt(logits: Float32Array, rowLength: number, step: number): number[] {
  const out = new Float64Array(logits.length / rowLength);
  softmaxOfStep(logits, { rowLength, step, temperature: 1 }, out);
  return [...out];
}

Deno.test("the softmax of averaged logits is the mean of both, also if one underflows", () => {
  const a = Float32Array.of(1, -400, 0, 3, 400, 0.5); // [3 classes, 2 steps]
  const b = Float32Array.of(-2, 100, 5, 3, -400, 0.25);
  const averaged = averagedLogits(a, b, { classes: 3, rowLength: 2 });
  for (const step of [0, 1]) {
    const [p, q] = [softmaxAt(a, 2, step), softmaxAt(b, 2, step)];
    softmaxAt(averaged, 2, step).forEach((share, c) => {
      assert.ok(Math.abs(share - (p[c]! + q[c]!) / 2) < 1e-6);
    });
  }
  assert.ok(averaged.every(Number.isFinite));
});

Deno.test("evaluation averages over records and their negatives, so the sign does not matter", async () => {
  const plain = await withBench({}, (bench) => readLogits(bench, "dev"));
  const averaged = await withBench({ flipAverage: true }, (bench) => readLogits(bench, "dev"));
  const negated = await withNegatedData({ flipAverage: false });
  plain.forEach(({ values, steps }, record) => {
    assert.equal(averaged[record]!.steps, steps);
    for (let step = 0; step < steps; step++) {
      const [p, q, mean] = [values, negated[record]!.values, averaged[record]!.values]
        .map((logits) => softmaxAt(logits, steps, step));
      mean!.forEach((share, c) => assert.ok(Math.abs(share - (p![c]! + q![c]!) / 2) < 1e-5));
    }
  });
  assert.deepEqual(await withNegatedData({ flipAverage: true }), averaged);
});

Deno.test("with averaging, the loss of an evaluation is that of the mean softmax", async () => {
  await withBench({ flipAverage: true }, async (bench) => {
    const logits = await readLogits(bench, "dev");
    const { predictions } = await evaluate(bench, "dev");
    const { labels } = bench.split("dev");
    predictions.forEach(({ loss }, record) => {
      const { values, steps } = logits[record]!;
      let sum = 0;
      for (let step = 0; step < steps; step++) {
        sum -= Math.log(softmaxAt(values, steps, step)[labels[record]!]!);
      }
      assert.ok(Math.abs(loss - sum / steps) < 1e-5);
    });
  });
});

/** Logits on dev of a data set whose samples are negated around their mean. */
async function withNegatedData(changes: { flipAverage: boolean }) {
  const device = openTestDevice();
  try {
    const dataset = noiseDataset();
    const samples = dataset.samples.map((sample) => 2 * dataset.mean - sample);
    using bench = new Workbench(device, { ...dataset, samples }, { ...SMALL, ...changes });
    bench.network.initialise(7);
    return await readLogits(bench, "dev");
  } finally {
    await device.close();
  }
}
