/**
 * Checks of a configuration that involve several settings.
 *
 * @module
 */
import { POLICIES } from "./modes.ts";
import type { Config } from "./types.ts";

/** A mistake and its path. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Each check returns a problem, or null. */
export const CHECKS: readonly ((config: Config) => Problem | null)[] = [
  foldWithinCount,
  warmupWithinRound,
  oneCycleWithoutWarmup,
  someClassWeight,
  rateToTrainOnAt,
];

function foldWithinCount({ folds }: Config): Problem | null {
  if (folds === null || folds.fold <= folds.count) return null;
  return { path: "folds.fold", message: `expected 1 to ${folds.count}, not ${folds.fold}` };
}

function warmupWithinRound({ training: { warmup, epochs } }: Config): Problem | null {
  if (warmup < epochs) return null;
  return {
    path: "training.warmup",
    message: `expected less than the ${epochs} epochs of a round, not ${warmup}`,
  };
}

function oneCycleWithoutWarmup({ training: { warmup, schedule } }: Config): Problem | null {
  if (warmup === 0 || schedule.kind !== "one-cycle") return null;
  return {
    path: "training.warmup",
    message: "expected 0 with the schedule one-cycle, which has its own warm-up",
  };
}

function someClassWeight({ training: { loss: { classWeights } } }: Config): Problem | null {
  if (!Array.isArray(classWeights) || classWeights.some((weight) => weight > 0)) return null;
  return {
    path: "training.loss.classWeights",
    message: "expected at least one weight above 0: without it there is no loss",
  };
}

function rateToTrainOnAt({ mode, training: { schedule } }: Config): Problem | null {
  if (POLICIES[mode].learningRate !== "final") return null;
  if (!("floor" in schedule) || schedule.floor > 0) return null;
  return {
    path: "training.schedule.floor",
    message: `expected more than 0 with mode ${mode}, which trains on at the schedule's last rate`,
  };
}
