/**
 * The weights from which masks are selected: He initialisation and a few training steps on the bundled
 * recordings.
 *
 * @module
 */
import type { NativeDevice } from "../src/addon/native.ts";
import { loadDataset } from "../src/data/dataset.ts";
import { ensureSampleDataset } from "../src/data/sample.ts";
import { resetOptimiser, type Snapshot, takeSnapshot } from "../src/training/snapshot.ts";
import { openBench, type StepShape } from "./shape.ts";

/** Weights and their origin. */
export interface BenchWeights {
  readonly weights: Snapshot;
  readonly origin: string;
}

const RATE = 1e-3;

/**
 * Initialises the network of `filters` and trains it for `steps` steps.
 *
 * @param options.steps 0 for the initialisation itself.
 * @param options.batchSize Records per step.
 */
export async function makeWeights(
  device: NativeDevice,
  options: Pick<StepShape, "filters" | "batchSize"> & { steps: number },
): Promise<BenchWeights> {
  const { filters, batchSize, steps } = options;
  if (steps === 0) {
    using bench = openBench(device, { filters, batchSize: 1, length: 256 });
    bench.network.initialise(1);
    return { weights: takeSnapshot(bench.network, { optimiser: false }), origin: "He init" };
  }
  const dataset = loadDataset(ensureSampleDataset());
  using bench = openBench(device, { filters, batchSize, length: 0 }, dataset);
  bench.network.initialise(1);
  resetOptimiser(bench.network);
  for (let step = 0, epoch = 0; step < steps; epoch++) {
    for (const batch of bench.trainingBatches(epoch)) {
      if (step === steps) break;
      await device.run([bench.trainingProgram(batch.length)], {
        records: bench.deviceRecords("train", batch),
        learningRates: Float32Array.of(RATE),
        optimizerStep: step + 1,
        stream: step,
      });
      step++;
    }
  }
  return {
    weights: takeSnapshot(bench.network, { optimiser: false }),
    origin: `He init and ${steps} steps of training`,
  };
}
