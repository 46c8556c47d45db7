import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { referenceLoss, weightsOf } from "../pruning/testing.ts";
import { denseGradients } from "./dense_gradient.ts";
import { GradientProbe } from "./gradient.ts";
import { takeMasks, takeSnapshot } from "./snapshot.ts";
import { SMALL_SIZE, withBench, withGraph } from "./testing.ts";
import type { Workbench } from "./workbench.ts";

/** Nothing random: the float64 network has neither flips nor dropout. */
const PLAIN = {
  network: withGraph(resnet1dGraph({ ...SMALL_SIZE, dropout: 0 })),
  batchSize: 3,
  flip: false,
};

/**
 * Prunes about half of the weights at random, but not all of a channel: its output would be constant, where
 * rectifiers and maxima have no derivative.
 */
function pruneSome({ network }: Workbench): void {
  const rng = createRng(8, "masks");
  for (const { parameter } of network.prunable) {
    const row = parameter.size / parameter.shape[0]!;
    const mask = Array.from(
      { length: parameter.size },
      (_, i) => i % row === 0 || rng.next() < 0.5,
    );
    parameter.setMask(Uint8Array.from(mask, Number));
  }
}

const prunableOf = ({ network }: Workbench) => network.prunable.map(({ parameter }) => parameter);

Deno.test("gradients of pruned weights are derivatives of the loss in float64, and nothing changes", () =>
  withBench(PLAIN, async (bench) => {
    pruneSome(bench);
    const before = takeSnapshot(bench.network, { optimiser: true });
    const masks = takeMasks(bench.network);
    const [batch] = bench.trainingBatches(0);
    const gradients = await denseGradients(bench, prunableOf(bench), { batch: batch!, stream: 0 });
    assert.deepEqual(takeSnapshot(bench.network, { optimiser: true }), before);
    assert.deepEqual(takeMasks(bench.network), masks);

    const weights = weightsOf(bench);
    const loss = () => referenceLoss(bench, { weights, batches: [batch!] });
    const all = gradients.flatMap((tensor) => [...tensor]);
    const size = Math.sqrt(all.reduce((sum, x) => sum + x * x, 0) / all.length);
    const rng = createRng(4, "sample");
    for (const [t, { name, parameter }] of bench.network.prunable.entries()) {
      const pruned = [...parameter.readMask().entries()].filter(([, bit]) => bit === 0);
      assert.ok(pruned.length > 0, name);
      for (const [at] of rng.shuffle(pruned).slice(0, 3)) {
        const values = weights.get(name)!;
        const w = values[at]!;
        const h = 1e-7;
        values[at] = w + h;
        const above = loss();
        values[at] = w - h;
        const expected = (above - loss()) / (2 * h);
        values[at] = w;
        const error = Math.abs(gradients[t]![at]! - expected) / size;
        assert.ok(error < 1e-4, `${name}[${at}]: ${gradients[t]![at]}, expected ${expected}`);
      }
    }
  }));

Deno.test("they are the gradients of the same network without masks, to the bit", () =>
  withBench(PLAIN, async (bench) => {
    pruneSome(bench);
    const [batch] = bench.trainingBatches(0);
    const gradients = await denseGradients(bench, prunableOf(bench), { batch: batch!, stream: 0 });
    for (const parameter of prunableOf(bench)) {
      parameter.setMask(new Uint8Array(parameter.size).fill(1));
    }
    using probe = new GradientProbe(bench, [batch!]);
    const dense = await probe.measure();
    assert.deepEqual(gradients.map((tensor) => Float64Array.from(tensor)), dense);
  }));

Deno.test("survivors get the gradient of the training step: its flips, dropout and loss", () =>
  withBench({ loss: { labelSmoothing: 0.2 }, batchSize: 3 }, async (bench) => {
    pruneSome(bench);
    const [batch] = bench.trainingBatches(0);
    const inputs = { batch: batch!, stream: 11 };
    const gradients = await denseGradients(bench, prunableOf(bench), inputs);
    const other = await denseGradients(bench, prunableOf(bench), { ...inputs, stream: 12 });
    assert.notDeepEqual(gradients, other);
    await bench.device.run([bench.gradientProgram(batch!.length)], {
      records: bench.deviceRecords("train", batch!),
      stream: 11,
    });
    prunableOf(bench).forEach((parameter, t) => {
      const mask = parameter.readMask();
      const own = parameter.read("gradient");
      const size = Math.hypot(...own);
      own.forEach((g, i) => {
        const error = Math.abs(gradients[t]![i]! - g) / size;
        if (mask[i]) assert.ok(error <= 1e-5, `${t}[${i}]: ${gradients[t]![i]} and ${g}`);
      });
    });
  }));
