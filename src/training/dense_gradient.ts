/**
 * The gradient of a training step for all weights, pruned ones included, without an update.
 *
 * @module
 */
import type { NativeParameter } from "../addon/native.ts";
import type { Batch } from "../data/batches.ts";
import { keepingStatistics } from "./recalibrate.ts";
import type { Workbench } from "./workbench.ts";

/** A training step, by its batch and its random stream. */
export interface StepInputs {
  readonly batch: Batch;
  readonly stream: number;
}

/**
 * The gradients of some parameters at a training step: of the loss that the step trains on, with its sign
 * flips, augmentation and dropout, before clipping. For the computation all masks of these parameters are
 * opened, and then put back. Pruned weights are 0 throughout, so the loss is that of the pruned network.
 * Weights, moments and running statistics do not change.
 *
 * @returns One array per parameter.
 */
export async function denseGradients(
  bench: Workbench,
  parameters: readonly NativeParameter[],
  { batch, stream }: StepInputs,
): Promise<Float32Array[]> {
  const masks = parameters.map((parameter) => parameter.readMask());
  parameters.forEach((parameter) => parameter.setMask(new Uint8Array(parameter.size).fill(1)));
  try {
    await keepingStatistics(bench, () =>
      bench.device.run([bench.gradientProgram(batch.length)], {
        records: bench.deviceRecords("train", batch),
        stream,
      }));
    return parameters.map((parameter) => parameter.read("gradient"));
  } finally {
    parameters.forEach((parameter, i) => parameter.setMask(masks[i]!));
  }
}
