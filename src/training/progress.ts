/**
 * How far a round's training has come. Together with the network's numbers it is all that resuming
 * needs: batches, rates and random streams follow from it and the configuration.
 *
 * @module
 */
/** One epoch of one round's training. */
export interface EpochRow {
  /** 1 for the first. */
  epoch: number;
  /** Updates done in this round when the epoch ended. */
  step: number;
  /** Learning rate of the epoch's last step. */
  learningRate: number;
  /** Mean over the epoch's steps, without those that were skipped. */
  trainLoss: number;
  /** Mean norm of the gradient before clipping. */
  gradientNorm: number;
  devLoss: number;
  devAccuracy: number;
  devScore: number;
  /** Steps that were not applied because their numbers were not finite; absent in older runs. */
  skipped?: number;
}

export interface Progress {
  /** Finished epochs, one row each. */
  rows: EpochRow[];
  /** Updates done in the epoch under way, and their sums. */
  stepsInEpoch: number;
  lossSum: number;
  gradientNormSum: number;
  /** Of these updates, those that were not applied; absent in states of older runs. */
  skipped?: number;
  /** Updates since the optimiser was reset. */
  optimiserSteps: number;
}

/** Nothing done yet. */
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
