/**
 * The registry of mask policies, by which a mask changes during a single training. A policy is a file below
 * mask_policies/ and a line here; its name is the kind of its pruning schedule, too.
 *
 * @module
 */
import { gradual } from "./mask_policies/gradual.ts";
import { rigl } from "./mask_policies/rigl.ts";
import { set } from "./mask_policies/set.ts";
import type { MaskChange, MaskPolicy, TrainingLength } from "./mask_policy.ts";
import { keepCounts, type PruningPlanSettings, type PruningSchedule } from "./plan.ts";

export const MASK_POLICIES = { gradual, set, rigl } as const;

/** A policy's name. */
export type MaskPolicyName = keyof typeof MASK_POLICIES;

/** The pruning schedule of a policy. */
export type ChangingSchedule = Extract<PruningSchedule, { readonly kind: MaskPolicyName }>;

/** Whether a pruning schedule changes the mask during a training. */
export function isChanging(schedule: PruningSchedule): schedule is ChangingSchedule {
  return schedule.kind in MASK_POLICIES;
}

/** The policy of a schedule, without its settings. */
export function maskPolicyOf<Schedule extends ChangingSchedule>(
  schedule: Schedule,
): MaskPolicy<Schedule> {
  return MASK_POLICIES[schedule.kind] as unknown as MaskPolicy<Schedule>;
}

/**
 * All changes of the mask in a training, by ascending step; empty if the schedule changes none.
 *
 * @param total Prunable weights.
 * @throws {UsageError} If no change fits into the training.
 */
export function maskChanges(
  settings: PruningPlanSettings,
  { total, ...length }: TrainingLength & { total: number },
): MaskChange[] {
  const { schedule } = settings;
  if (!isChanging(schedule)) return [];
  const keep = keepCounts(total, settings)[0]!;
  return maskPolicyOf(schedule).changes(schedule, { total, keep }, length);
}

/** A stretch of a training without a change of the mask. */
export interface Stretch {
  readonly updates: number;
  /** Prunable weights left. */
  readonly kept: number;
}

/** The training in stretches, in order. @throws {UsageError} As {@linkcode maskChanges}. */
export function stretchesOf(
  settings: PruningPlanSettings,
  weights: TrainingLength & { total: number },
): Stretch[] {
  const { schedule } = settings;
  const dense = isChanging(schedule) && maskPolicyOf(schedule).start === "dense";
  const first = { step: 0, keep: dense ? weights.total : keepCounts(weights.total, settings)[0]! };
  const points = [first, ...maskChanges(settings, weights)];
  return points.map(({ step, keep }, i) => ({
    updates: (points[i + 1]?.step ?? weights.steps) - step,
    kept: keep,
  }));
}
