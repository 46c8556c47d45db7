/**
 * The training records for scores that are computed before training.
 *
 * @module
 */
import type { Batch } from "../data/batches.ts";
import type { Workbench } from "../training/workbench.ts";

/** Number of records, as in a batch of Lee et al. 2019. */
const RECORDS = 128;

/**
 * The first batches of the first training epoch that hold {@linkcode RECORDS} records, or all batches.
 * Records in a batch have equal length; different batches have different lengths. They follow from the
 * run's seed.
 */
export function scoringBatches(bench: Workbench): Batch[] {
  return bench.trainingBatches(0).slice(0, Math.ceil(RECORDS / bench.config.batchSize));
}
