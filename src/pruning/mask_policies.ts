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

/** Mean number of weights left over the updates of a training. */
export function meanKept(
  settings: PruningPlanSettings,
  { total, ...length }: TrainingLength & { total: number },
): number {
  const { schedule } = settings;
  const [end] = keepCounts(total, settings);
  if (!isChanging(schedule) || maskPolicyOf(schedule).start === "erk") return end!;
  const changes = maskChanges(settings, { total, ...length });
  const pieces = [{ step: 0, keep: total }, ...changes];
  const sum = pieces.reduce(
    (sum, { step, keep }, i) => sum + keep * ((pieces[i + 1]?.step ?? length.steps) - step),
    0,
  );
  return sum / length.steps;
}
