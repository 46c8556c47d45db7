/**
 * Gradual magnitude pruning (Zhu and Gupta 2017, "To prune, or not to prune: exploring the efficacy of
 * pruning for model compression", equation 1).
 *
 * @module
 */
import { criterionOf } from "../criteria.ts";
import { changeSteps, type MaskPolicy, type MaskTiming } from "../mask_policy.ts";

/** Settings of gradual pruning. */
export interface GradualSettings extends MaskTiming {
  /** Share of the training before pruning begins. */
  readonly begin: number;
}

/**
 * Weights left after change k of n: `keep` + (`total` - `keep`) (1 - k/n)^3, rounded. The sparsity is then
 * s_t = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3 with s_i = 0.
 */
export function cubicKeep(
  { total, keep }: { total: number; keep: number },
  { change, of }: { change: number; of: number },
): number {
  return keep + Math.round((total - keep) * (1 - change / of) ** 3);
}

export const gradual: MaskPolicy<GradualSettings> = {
  start: "dense",
  growth: "none",
  description: "one training; the smallest weights are pruned step by step, less and less",
  source: "Zhu and Gupta 2017",
  changes(settings, weights, length) {
    const steps = changeSteps(settings, length);
    return steps.map((step, i) => ({
      step,
      keep: cubicKeep(weights, { change: i + 1, of: steps.length }),
      share: 0,
    }));
  },
  masks: ({ bench, candidates, change, keep, criterion, seed }) =>
    criterionOf(criterion).masks({
      ...{ bench, candidates, keep, seed, round: change.step, denseScores: null },
    }),
};
