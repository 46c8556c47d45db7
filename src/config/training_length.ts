/**
 * The length of a round's training.
 *
 * @module
 */
import type { LoadedDataset } from "../data/dataset.ts";
import type { TrainingLength } from "../pruning/mask_policy.ts";
import type { Config } from "./config.ts";

/** The length of a round's training, if nothing ends it early. */
export function trainingLength(
  { training: { epochs, batchSize } }: Config,
  { splits: { train } }: LoadedDataset,
): TrainingLength {
  const stepsPerEpoch = Math.ceil(train.lengths.length / batchSize);
  return { steps: epochs * stepsPerEpoch, stepsPerEpoch };
}
