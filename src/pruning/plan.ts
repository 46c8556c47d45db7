/**
 * Plans how many weights each round keeps, before the first round. The plan is a pure function of the
 * settings and the number of weights, so a resumed run has the same plan.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import type { GradualSettings } from "./mask_policies/gradual.ts";
import type { DropSettings } from "./mask_policies/set.ts";

/** How the pruned share changes from round to round. */
export type PruningSchedule =
  /** Frankle and Carbin 2019, section 2: each round prunes the same fraction of what is left. */
  | { readonly kind: "fixed"; readonly fraction: number }
  /**
   * Sahu et al. 2022 (LTH-ECG): the first round prunes `start` of the weights; in per cent, p shrinks
   * to p^(1 / alpha) from round to round. (The other reading, p / alpha, ends at theta 36.7 and cannot reach
   * the paper's 142.)
   */
  | { readonly kind: "sahu"; readonly start: number; readonly alpha: number }
  /** A single round prunes to the target. */
  | { readonly kind: "one-shot" }
  /** A single training, during which the mask changes until the target is reached; see mask_policies.ts. */
  | { readonly kind: "gradual" } & GradualSettings
  | { readonly kind: "set" | "rigl" } & DropSettings;

/** The settings that decide the rounds. */
export interface PruningPlanSettings {
  readonly schedule: PruningSchedule;
  /** Largest number of pruning rounds. */
  readonly rounds: number;
  /** Stop after the round that reaches this compression; null to do all rounds. */
  readonly target: number | null;
}

/**
 * Number of weights to keep in rounds 1, 2, ...: strictly fewer each round, and at least 1. A schedule that
 * would prune less than one weight in a round prunes one. A fraction of 0 keeps all weights, for controls.
 *
 * @param total Prunable weights.
 * @throws {UsageError} If the target is more than the number of weights, or the rounds end before it is reached.
 */
export function keepCounts(total: number, settings: PruningPlanSettings): number[] {
  const { schedule, rounds, target } = settings;
  if (target !== null && target > total) {
    throw new UsageError(
      `Cannot reach ${target}x fewer weights: this network has only ${total} prunable weights; ask for at ` +
        `most ${total}x`,
    );
  }
  const keeps: number[] = [];
  let kept = total;
  const reached = () => target !== null && total / kept >= target;
  while (keeps.length < rounds && kept > 1 && !reached()) {
    kept = nextKeep(schedule, { kept, total, target, round: keeps.length + 1 });
    keeps.push(kept);
  }
  if (target !== null && !reached()) {
    throw new UsageError(
      `Cannot reach ${target}x fewer weights in ${counted(rounds, "round")}: the last ends at ` +
        `${(total / kept).toFixed(1)}x; allow more --rounds or prune more per round`,
    );
  }
  return keeps;
}

/** The state before a round, for a schedule. */
interface Before {
  /** Weights left. */
  readonly kept: number;
  /** Prunable weights of the dense network. */
  readonly total: number;
  readonly target: number | null;
  /** Number of the next round, from 1. */
  readonly round: number;
}

type Kind = PruningSchedule["kind"];
type ScheduleOf<Name extends Kind> = Extract<PruningSchedule, { readonly kind: Name }>;

/** Number of weights that the next round keeps, by kind of schedule. A missing kind does not type-check. */
const NEXT_KEEP: { [Name in Kind]: (schedule: ScheduleOf<Name>, before: Before) => number } = {
  fixed: ({ fraction }, { kept }) => without(kept, fraction),
  sahu: (schedule, { kept, round }) => without(kept, sahuFraction(schedule, round)),
  "one-shot": toTarget,
  gradual: toTarget,
  set: toTarget,
  rigl: toTarget,
};

function toTarget(_schedule: unknown, { total, target }: Before): number {
  return Math.max(1, Math.floor(total / (target ?? 1)));
}

function nextKeep<Name extends Kind>(schedule: ScheduleOf<Name>, before: Before): number {
  const rule: (schedule: ScheduleOf<Name>, before: Before) => number = NEXT_KEEP[
    schedule.kind as Name
  ];
  return rule(schedule, before);
}

function without(kept: number, fraction: number): number {
  if (fraction === 0) return kept;
  return Math.max(1, kept - Math.max(1, Math.round(kept * fraction)));
}

/** Share of the remaining weights that a round (1 for the first) of Sahu's schedule prunes. */
export function sahuFraction(
  { start, alpha }: { start: number; alpha: number },
  round: number,
): number {
  return (100 * start) ** ((1 / alpha) ** (round - 1)) / 100;
}
