/**
 * Checks of a configuration that involve several settings.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { criterionOf } from "../pruning/criteria.ts";
import { isChanging, MASK_POLICIES } from "../pruning/mask_policies.ts";
import { parseStepPoint } from "../core/step.ts";
import { isSingleTraining, POLICIES, policyName } from "./modes.ts";
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
  mixupOfSeveral,
  someClassWeight,
  rateToTrainOnAt,
  scheduleOfMode,
  roundsOfMode,
  criterionOfMode,
  rewindPointOfMode,
  stoppingOfMode,
  kernelsOfMode,
];

function foldWithinCount({ folds }: Config): Problem | null {
  if (folds === null || folds.fold <= folds.count) return null;
  return { path: "folds.fold", message: `expected 1 to ${folds.count}, not ${folds.fold}` };
}

function warmupWithinRound({ training: { warmup, epochs } }: Config): Problem | null {
  if (warmup < epochs) return null;
  return {
    path: "training.warmup",
    message: `expected less than the ${counted(epochs, "epoch")} of a round, not ${warmup}`,
  };
}

function oneCycleWithoutWarmup({ training: { warmup, schedule } }: Config): Problem | null {
  if (warmup === 0 || schedule.kind !== "one-cycle") return null;
  return {
    path: "training.warmup",
    message: "expected 0 with the schedule one-cycle, which has its own warm-up",
  };
}

function mixupOfSeveral({ training: { batchSize, augment } }: Config): Problem | null {
  if (batchSize > 1 || (augment?.mixup ?? null) === null) return null;
  return {
    path: "training.augment.mixup",
    message: "expected off with a batch size of 1: records are mixed with others of their batch",
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

/** A mask policy is a mode and a pruning schedule in one. */
function scheduleOfMode({ mode, pruning: { schedule } }: Config): Problem | null {
  const wanted = policyName(mode);
  if (wanted === (isChanging(schedule) ? schedule.kind : null)) return null;
  return {
    path: "pruning.schedule.kind",
    message: `expected ${
      wanted ?? "fixed, sahu or one-shot"
    } with mode ${mode}, not ${schedule.kind}`,
  };
}

function roundsOfMode({ mode, pruning: { rounds } }: Config): Problem | null {
  if (!isSingleTraining(mode) || rounds === 1) return null;
  return {
    path: "pruning.rounds",
    message: `expected 1 with mode ${mode}, which trains once, not ${rounds}`,
  };
}

function criterionOfMode({ mode, pruning: { criterion } }: Config): Problem | null {
  const policy = policyName(mode);
  if (policy === null || criterion === "magnitude") return null;
  if (MASK_POLICIES[policy].growth !== "none") {
    return {
      path: "pruning.criterion",
      message: `expected magnitude with mode ${mode}, which drops the smallest weights of each ` +
        `layer, not ${criterion}`,
    };
  }
  if (criterionOf(criterion).network === "trained") return null;
  return {
    path: "pruning.criterion",
    message: `expected one that ranks trained weights with mode ${mode}, such as magnitude, not ` +
      `${criterion}, which ranks the network at initialisation`,
  };
}

function rewindPointOfMode({ mode, rewindTo }: Config): Problem | null {
  if (!isSingleTraining(mode)) return null;
  const { epochs, iterations } = parseStepPoint(rewindTo);
  if (epochs + iterations === 0) return null;
  return {
    path: "rewindTo",
    message: `expected 0 with mode ${mode}, which never rewinds, not ${rewindTo}`,
  };
}

/** A training that ends early might never reach its compression. */
function stoppingOfMode({ mode, training: { earlyStopping } }: Config): Problem | null {
  const policy = policyName(mode);
  if (policy === null || MASK_POLICIES[policy].start === "erk" || earlyStopping === null) {
    return null;
  }
  return {
    path: "training.earlyStopping",
    message: `expected none with mode ${mode}, which reaches its compression late in its training`,
  };
}

function kernelsOfMode({ mode, training: { kernels } }: Config): Problem | null {
  if (!isSingleTraining(mode) || kernels === "density") return null;
  return {
    path: "training.kernels",
    message:
      `expected density with mode ${mode}: kernels are timed for one mask, and its mask changes`,
  };
}
