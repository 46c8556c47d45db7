/**
 * The progress of a round's training. Resuming needs only this and the network's numbers: batches, rates
 * and random streams follow from it and the configuration.
 *
 * @module
 */
/** One epoch of one round's training. */
export interface EpochRow {
  /** Number of the epoch, from 1. */
  epoch: number;
  /** Updates done in this round when the epoch ended. */
  step: number;
  /** Learning rate of the epoch's last step. */
  learningRate: number;
  /** Mean loss over the epoch's steps, without skipped steps. */
  trainLoss: number;
  /** Mean norm of the gradient before clipping. */
  gradientNorm: number;
  devLoss: number;
  devAccuracy: number;
  devScore: number;
  /** Number of steps that were not applied because they were not finite; absent in older runs. */
  skipped?: number;
}

export interface Progress {
  /** Finished epochs, one row each. */
  rows: EpochRow[];
  /** Updates done in the current epoch, and their sums. */
  stepsInEpoch: number;
  lossSum: number;
  gradientNormSum: number;
  /** Number of these updates that were not applied; absent in states of older runs. */
  skipped?: number;
  /** Updates since the optimiser was reset. */
  optimiserSteps: number;
}

/** The progress before the first step. */
export function startOfTraining(): Progress {
  return {
    rows: [],
    stepsInEpoch: 0,
    lossSum: 0,
    gradientNormSum: 0,
    skipped: 0,
    optimiserSteps: 0,
  };
}

/** Updates done in this round. */
export function stepsDone(progress: Progress, stepsPerEpoch: number): number {
  return progress.rows.length * stepsPerEpoch + progress.stepsInEpoch;
}
