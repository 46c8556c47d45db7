/**
 * Estimates the running statistics of batch norms again for the present weights. Pruning changes every
 * activation, so the statistics from before pruning no longer fit.
 *
 * @module
 */
import { recordForward } from "../model/record.ts";
import { MeasuringPrograms } from "./programs.ts";
import type { Workbench } from "./workbench.ts";

/** Largest number of training batches from which the statistics are estimated. */
const MOST_BATCHES = 50;

/**
 * Sets the running means and variances to their averages over batches of the first training epoch. Every
 * batch counts the same, as in training. Sign flips, augmentation and dropout are off; no weight changes.
 */
export async function recalibrateStatistics(bench: Workbench): Promise<void> {
  const { network } = bench;
  const buffers = network.buffers.map(({ buffer }) => buffer);
  const sums = buffers.map((buffer) => new Float64Array(buffer.size));
  const batches = bench.trainingBatches(0).slice(0, MOST_BATCHES);
  using programs = new MeasuringPrograms(bench, (builder, x) => {
    recordForward(builder, network, { x, pass: "measuring" });
  });
  for (const batch of batches) {
    await programs.run(batch);
    buffers.forEach((buffer, b) => {
      const measured = buffer.read();
      const sum = sums[b]!;
      for (let i = 0; i < sum.length; i++) sum[i]! += measured[i]!;
    });
  }
  buffers.forEach((buffer, b) => {
    buffer.write(Float32Array.from(sums[b]!, (sum) => sum / batches.length));
  });
}

/** Runs `body`, which may change the running statistics, and restores them. */
export async function keepingStatistics<Result>(
  bench: Workbench,
  body: () => Promise<Result>,
): Promise<Result> {
  const kept = bench.network.buffers.map(({ buffer }) => ({ buffer, values: buffer.read() }));
  try {
    return await body();
  } finally {
    for (const { buffer, values } of kept) buffer.write(values);
  }
}
