/**
 * What each mode does between pruning and retraining. Modes differ only here.
 *
 * @module
 */
export interface RetrainingPolicy {
  /**
   * "rewind": surviving weights, running statistics and optimiser return to the rewind point.
   * "keep": weights and statistics stay as trained, the optimiser starts with zero moments.
   */
  readonly weights: "rewind" | "keep";
  /**
   * "replay": the learning rates of the schedule from the rewind point on.
   * "final": always the last learning rate of the dense round.
   */
  readonly learningRate: "replay" | "final";
  /** Whether the rewind point may lie after the first update (`--rewind-to`). */
  readonly laterPoint: boolean;
  /** "settings": the settings choose the pruning schedule. "sahu": the mode switches it to Sahu's schedule. */
  readonly pruning: "settings" | "sahu";
  /** One line for tables. */
  readonly description: string;
  readonly source: string;
}

/** To add a mode, add a row. */
export const POLICIES = {
  "weight-rewind": {
    weights: "rewind",
    learningRate: "replay",
    laterPoint: true,
    pruning: "settings",
    description: "weights and schedule return to the rewind point",
    source: "Frankle and Carbin 2019; late points: Frankle et al. 2020",
  },
  "lr-rewind": {
    weights: "keep",
    learningRate: "replay",
    laterPoint: false,
    pruning: "settings",
    description: "weights are kept, the whole schedule is replayed",
    source: "Renda, Frankle and Carbin 2020, section 2",
  },
  finetune: {
    weights: "keep",
    learningRate: "final",
    laterPoint: false,
    pruning: "settings",
    description: "weights are kept and trained on at the final low learning rate",
    source: "Han et al. 2015; Renda, Frankle and Carbin 2020, section 2",
  },
  // It differs from weight-rewind to 0 only in its pruning schedule.
  "lth-ecg": {
    weights: "rewind",
    learningRate: "replay",
    laterPoint: false,
    pruning: "sahu",
    description: "a shrinking share is pruned, weights return to initialisation",
    source: "Sahu et al. 2022",
  },
} as const satisfies Record<string, RetrainingPolicy>;

export type Mode = keyof typeof POLICIES;
export const MODES = Object.keys(POLICIES) as [Mode, ...Mode[]];
