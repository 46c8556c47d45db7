/**
 * What each mode does between pruning and retraining. The modes differ in nothing else.
 *
 * @module
 */
import type { Mode } from "../config/config.ts";

export interface RetrainingPolicy {
  /**
   * "rewind": surviving weights, running statistics and optimiser return to the rewind point.
   * "keep": weights and statistics stay as trained, the optimiser starts afresh.
   */
  readonly weights: "rewind" | "keep";
  /**
   * "replay": the learning rates of the schedule from the rewind point on.
   * "final": the last learning rate of the dense round, throughout.
   */
  readonly learningRate: "replay" | "final";
  /** One line for tables. */
  readonly description: string;
  readonly source: string;
}

export const POLICIES: Record<Mode, RetrainingPolicy> = {
  "weight-rewind": {
    weights: "rewind",
    learningRate: "replay",
    description: "weights and schedule return to the rewind point",
    source: "Frankle and Carbin 2019; late points: Frankle et al. 2020",
  },
  "lr-rewind": {
    weights: "keep",
    learningRate: "replay",
    description: "weights are kept, the whole schedule is replayed",
    source: "Renda, Frankle and Carbin 2020, section 2",
  },
  finetune: {
    weights: "keep",
    learningRate: "final",
    description: "weights are kept and trained on at the final low learning rate",
    source: "Han et al. 2015; Renda, Frankle and Carbin 2020, section 2",
  },
  // Differs from weight-rewind to 0 in its pruning schedule alone (see experiment/resolve.ts).
  "lth-ecg": {
    weights: "rewind",
    learningRate: "replay",
    description: "a shrinking share is pruned, weights return to initialisation",
    source: "Sahu et al. 2022",
  },
};
