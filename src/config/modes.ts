/**
 * What each mode does between pruning and retraining. Modes differ only here. Modes whose mask changes during
 * a single training have no retraining; what they do is in pruning/mask_policies.ts.
 *
 * @module
 */
import { MASK_POLICIES, type MaskPolicyName } from "../pruning/mask_policies.ts";

export interface RetrainingPolicy {
  /**
   * "rewind": surviving weights, running statistics and optimiser return to the rewind point. A single
   * training starts there, at initialisation.
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
  /**
   * "settings": the settings choose the pruning schedule. "sahu": the mode switches it to Sahu's schedule.
   * The name of a mask policy: a single training, during which the mask changes.
   */
  readonly pruning: "settings" | "sahu" | MaskPolicyName;
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
  gradual: singleTraining("gradual"),
  set: singleTraining("set"),
  rigl: singleTraining("rigl"),
} as const satisfies Record<string, RetrainingPolicy>;

function singleTraining<Name extends MaskPolicyName>(pruning: Name) {
  const { description, source } = MASK_POLICIES[pruning];
  const start = { weights: "rewind", learningRate: "replay", laterPoint: false } as const;
  return { ...start, pruning, description, source };
}

/** The mask policy of a mode with a single training; null for a mode with rounds. */
export function policyName(mode: Mode): MaskPolicyName | null {
  const { pruning } = POLICIES[mode];
  return pruning === "settings" || pruning === "sahu" ? null : pruning;
}

/** Whether a mode trains once, without a dense round, and changes the mask meanwhile. */
export function isSingleTraining(mode: Mode): boolean {
  return policyName(mode) !== null;
}

export type Mode = keyof typeof POLICIES;
export const MODES = Object.keys(POLICIES) as [Mode, ...Mode[]];
