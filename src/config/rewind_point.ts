/**
 * Checks that the dense round reaches the rewind point.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { iterationOf, parseStepPoint } from "../core/step.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import type { Config } from "./config.ts";

/**
 * Refuses a rewind point that the dense round may not reach: tickets could not return to it.
 *
 * @throws {UsageError} If it lies after the end of the round, or after an epoch at which early stopping may
 *   end the round.
 */
export function refuseUnreachableRewindPoint(config: Config, dataset: LoadedDataset): void {
  const { rewindTo, training: { epochs, batchSize, earlyStopping } } = config;
  const steps = Math.ceil(dataset.splits.train.lengths.length / batchSize);
  const point = iterationOf(parseStepPoint(rewindTo), steps);
  if (point >= epochs * steps) {
    throw new UsageError(
      `Cannot rewind to ${rewindTo}: the dense round ends after ${counted(epochs, "epoch")} of ${
        counted(steps, "update")
      }; ` +
        `choose an earlier --rewind-to`,
    );
  }
  if (earlyStopping === null) return;
  // The round ends earliest if no epoch after the first one is better.
  const earliest = Math.max(earlyStopping.minEpochs, earlyStopping.patience + 1);
  if (point >= earliest * steps) {
    throw new UsageError(
      `Cannot rewind to ${rewindTo}: early stopping may end the dense round after ${
        counted(earliest, "epoch")
      } of ` +
        `${counted(steps, "update")}; choose an earlier --rewind-to or a larger --early-stop`,
    );
  }
}
