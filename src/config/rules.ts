/**
 * Rules that combine settings: what one option implies for others, and which options contradict.
 *
 * @module
 */
import { defaultPrecision } from "../addon/select.ts";
import { UsageError } from "../core/errors.ts";
import { parseStepPoint } from "../core/step.ts";
import { RATE } from "../model/graph_file.ts";
import { criterionOf } from "../pruning/criteria.ts";
import { isSingleTraining, type Mode, POLICIES, policyName } from "./modes.ts";
import type { Given } from "./paths.ts";
import type { Config, Overrides } from "./types.ts";

/** Settings that an option implies. Options that are given themselves are applied later and win. */
type Implication = (base: Config, asked: Overrides) => Given[];

/** The rules, in the order in which they are applied. */
export const IMPLICATIONS: readonly Implication[] = [
  modePrunesAsSahu,
  targetEndsTheRounds,
  roundsEndWithoutTarget,
  oneShotIsOneRound,
  singleTrainingIsOneRound,
  precisionOfAnotherBackend,
];

/** More rounds than any schedule needs; the target ends the run. */
const UNTIL_TARGET = 10_000;

/** Prunes until 142 times fewer weights (Sahu et al. 2022). The schedule's defaults are theirs, too. */
function modePrunesAsSahu(base: Config, { mode }: Overrides): Given[] {
  if (mode === undefined || POLICIES[mode].pruning !== "sahu") return [];
  if (base.pruning.schedule.kind === "sahu") return [];
  return implied(`--mode ${mode}`, {
    "pruning.schedule.kind": "sahu",
    "pruning.target": 142,
    "pruning.rounds": UNTIL_TARGET,
  });
}

function targetEndsTheRounds(_base: Config, { target }: Overrides): Given[] {
  if (target === undefined || target === null) return [];
  return implied("--target", { "pruning.rounds": UNTIL_TARGET });
}

/** A given number of rounds removes the target, unless a target is given as well. */
function roundsEndWithoutTarget(_base: Config, { rounds }: Overrides): Given[] {
  return rounds === undefined ? [] : implied("--rounds", { "pruning.target": null });
}

function oneShotIsOneRound(_base: Config, { oneShot }: Overrides): Given[] {
  if (oneShot === undefined) return [];
  return implied("--one-shot", {
    "pruning.schedule.kind": "one-shot",
    "pruning.target": oneShot,
    "pruning.rounds": 1,
  });
}

/** Kernels are timed for one mask, so a training with several takes them by density. */
function singleTrainingIsOneRound(base: Config, { mode = base.mode }: Overrides): Given[] {
  const kind = policyName(mode);
  if (kind === null) return [];
  return implied(`--mode ${mode}`, {
    "pruning.schedule.kind": kind,
    "pruning.rounds": 1,
    "training.kernels": "density",
  });
}

function precisionOfAnotherBackend(base: Config, { backend }: Overrides): Given[] {
  const { precision } = computeSettings(base, { backend });
  return precision === base.precision ? [] : implied("--backend", { precision });
}

/**
 * The backend and its precision. A chosen precision stays when the backend changes; a default becomes the
 * default of the new backend.
 */
export function computeSettings(
  base: Pick<Config, "backend" | "precision">,
  asked: Pick<Overrides, "backend" | "precision">,
): Pick<Config, "backend" | "precision"> {
  const backend = asked.backend ?? base.backend;
  const chosen = backend === base.backend || base.precision !== defaultPrecision(base.backend);
  const usual = chosen ? base.precision : defaultPrecision(backend);
  return { backend, precision: asked.precision ?? usual };
}

function implied(name: string, values: Readonly<Record<string, unknown>>): Given[] {
  return Object.entries(values).map(([path, value]) => ({ path, name, value }));
}

/** Refuses a valid configuration that nobody can want. */
type Combination = (config: Config, options: { base: Config; asked: Overrides }) => void;

export const COMBINATIONS: readonly Combination[] = [
  decayOfAnotherOptimizer,
  adamwNeedsDecay,
  pruningBeforeTraining,
  laterPointOfMode,
  sizeOfAnotherNetwork,
  dropoutWithoutPlace,
  singleTrainingNeedsTarget,
];

function decayOfAnotherOptimizer(
  { training: { optimizer } }: Config,
  { base: { training: before }, asked }: { base: Config; asked: Overrides },
): void {
  const decoupled = (name: typeof optimizer) => name === "adamw";
  if (decoupled(optimizer) === decoupled(before.optimizer)) return;
  if (before.weightDecay === 0 || asked.weightDecay !== undefined) return;
  throw new UsageError(
    `Cannot change the optimizer from ${before.optimizer} to ${optimizer} and keep the weight decay of ` +
      `${before.weightDecay}: adamw decays weights separately from the gradient; give --weight-decay, too`,
  );
}

function adamwNeedsDecay(
  { training: { weightDecay } }: Config,
  { asked }: { asked: Overrides },
): void {
  if (asked.optimizer !== "adamw" || weightDecay > 0) return;
  throw new UsageError(
    "Cannot use --optimizer adamw without a decay: add --weight-decay, e.g. 0.05, or use adam",
  );
}

/** Pruning before training needs initial weights: no trained ones, no later rewind point. */
function pruningBeforeTraining({ mode, rewindTo, pruning: { criterion } }: Config): void {
  if (criterionOf(criterion).network === "trained") return;
  if (POLICIES[mode].weights !== "rewind") {
    throw new UsageError(
      `Cannot use criterion ${criterion} with mode ${mode}: it prunes the network at initialisation, ` +
        `which is then trained; use --mode weight-rewind`,
    );
  }
  if (isLate(rewindTo)) {
    throw new UsageError(
      `Cannot use criterion ${criterion} with the rewind point ${rewindTo}: it prunes the network at ` +
        `initialisation; use --rewind-to 0`,
    );
  }
}

/**
 * A mode that returns to initialisation cannot take over a later rewind point. A saved run that has one may go on.
 * In modes that keep weights the point has no effect.
 */
function laterPointOfMode({ mode, rewindTo }: Config, { base }: { base: Config }): void {
  const { weights, laterPoint } = POLICIES[mode];
  if (laterPoint || weights !== "rewind" || !isLate(rewindTo)) return;
  if (mode === base.mode && rewindTo === base.rewindTo) return;
  throw new UsageError(
    `Cannot use the rewind point ${rewindTo} with mode ${mode}: its weights return to initialisation; ` +
      `add --rewind-to 0`,
  );
}

/** The sizes of the residual network do not apply to another network. */
function sizeOfAnotherNetwork(
  { network: { graph } }: Config,
  { asked }: { asked: Overrides },
): void {
  if (graph === undefined) return;
  const { filters, blocks, kernel, set } = asked;
  const sizes = {
    ...{ "--filters": filters, "--blocks": blocks, "--kernel": kernel },
    "--set network.blocksPerStage": set?.["network.blocksPerStage"],
  };
  const odd = Object.entries(sizes).find(([, size]) => size !== undefined);
  if (odd === undefined) return;
  throw new UsageError(
    `Cannot use ${
      odd[0]
    } with the network ${graph.name}: it is a size of the residual network; write ` +
      `the channels and kernels into the network's file`,
  );
}

function dropoutWithoutPlace(
  { network: { graph } }: Config,
  { asked: { dropout } }: { asked: Overrides },
): void {
  if (graph === undefined || dropout === undefined) return;
  if (graph.nodes.some((node) => node.op === "norm" && node.dropout === RATE)) return;
  throw new UsageError(
    `Cannot use --dropout with the network ${graph.name}: none of its norms has the dropout "${RATE}", ` +
      `which --dropout decides`,
  );
}

function singleTrainingNeedsTarget({ mode, pruning: { target } }: Config): void {
  if (!isSingleTraining(mode) || target !== null) return;
  throw new UsageError(
    `Cannot use --mode ${mode} without a compression: it trains once, until this many times fewer ` +
      `weights are left; add --target, e.g. --target 15.6`,
  );
}

function isLate(rewindTo: string): boolean {
  const { epochs, iterations } = parseStepPoint(rewindTo);
  return epochs + iterations > 0;
}

/**
 * Refuses options that contradict each other.
 *
 * @throws {UsageError} Naming the pair.
 */
export function refuseContradictions(given: Overrides): void {
  const refuse = (pair: string, why: string) => {
    throw new UsageError(`Cannot use ${pair} together: ${why}`);
  };
  if (given.oneShot !== undefined && given.prune !== undefined) {
    refuse("--one-shot and --prune", "one shot prunes once, straight to its compression");
  }
  if (given.oneShot !== undefined && (given.rounds ?? 1) !== 1) {
    refuse("--one-shot and --rounds", "one shot is one round");
  }
  if (given.oneShot !== undefined && given.target !== undefined) {
    refuse("--one-shot and --target", "one shot has its own compression");
  }
  const policy = given.mode && POLICIES[given.mode];
  if (policy?.pruning === "sahu" && given.prune !== undefined) {
    refuse(`--mode ${given.mode} and --prune`, "its share shrinks from 30 % by p^(1/1.1)");
  }
  if (given.mode !== undefined && isSingleTraining(given.mode)) {
    refuseRounds(given, given.mode, refuse);
  }
  if (given.rewindTo === undefined || !isLate(given.rewindTo)) return;
  if (policy && !policy.laterPoint) {
    refuse(
      `--mode ${given.mode} and --rewind-to ${given.rewindTo}`,
      "only weight-rewind has a rewind point",
    );
  }
  const criterion = given.criterion;
  if (criterion !== undefined && criterionOf(criterion).network === "initial") {
    refuse(`--criterion ${criterion} and --rewind-to`, "it prunes the network at initialisation");
  }
}

/** Refuses what has no meaning in a single training. */
function refuseRounds(
  given: Overrides,
  mode: Mode,
  refuse: (pair: string, why: string) => void,
): void {
  const odd = (flag: string, value: unknown, why: string) => {
    if (value !== undefined) refuse(`--mode ${mode} and ${flag}`, why);
  };
  const once =
    "it trains once, without rounds; --target says how many times fewer weights are left";
  odd("--rounds", given.rounds, once);
  odd("--prune", given.prune, once);
  odd("--one-shot", given.oneShot, once);
  odd("--same-noise", given.sameNoise, "it has no rounds");
  if (given.kernels === "timed") {
    odd("--kernels timed", given.kernels, "kernels are timed for one mask, and its mask changes");
  }
}
