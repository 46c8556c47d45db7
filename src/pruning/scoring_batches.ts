/**
 * The training records that scores before training are computed on.
 *
 * @module
 */
import type { Batch } from "../data/batches.ts";
import type { Workbench } from "../training/workbench.ts";

/** Records that are enough: a batch of Lee et al. 2019. */
const RECORDS = 128;

/**
 * The first batches of the first training epoch, as many as hold {@linkcode RECORDS} records, or all.
 * Batches are of equal length within and of all lengths among them; they follow from the run's seed.
 */
export function scoringBatches(bench: Workbench): Batch[] {
  return bench.trainingBatches(0).slice(0, Math.ceil(RECORDS / bench.config.batchSize));
}
