/**
 * What each control replaces in the rounds of a finished run. A control trains the base's sparsity again
 * with one thing changed, so that the difference shows what that thing is worth.
 *
 * @module
 */
import { z } from "zod";
import { complaint, orList } from "./kinds.ts";

export interface ControlPolicy {
  /** "base": the base's network. "small": a dense one with about as many weights as the base's round keeps. */
  readonly network: "base" | "small";
  /**
   * "base": the mask of the base's round.
   * "shuffled": that mask, permuted at random within each layer; each layer keeps its count.
   * "uniform": drawn uniformly over all layers together; the network keeps its count.
   * "erk": drawn within each layer; a layer's count follows from its shape alone (Erdos-Renyi-Kernel).
   * "none": no weight is pruned.
   */
  readonly masks: "base" | "shuffled" | "uniform" | "erk" | "none";
  /**
   * "base": what the base's mode starts from, with another mask. A mode that rewinds starts from the base's
   * rewind point, with the schedule from there on; a mode that keeps weights starts from the base's
   * trained dense network.
   * "ticket": exactly the weights that the base's round began its training with.
   * "previous": the weights at the end of the control's previous round; its first round starts from the
   * base's trained dense network. Each round trains by the whole schedule.
   * "fresh": initialised with another seed and trained by the whole schedule.
   * "signs": the sign of each initial weight times the layer's initial standard deviation, trained by the
   * whole schedule.
   */
  readonly weights: "base" | "ticket" | "previous" | "fresh" | "signs";
  /** "base": the base's batches, sign flips and dropout. "other": the ones of another seed. */
  readonly order: "base" | "other";
  readonly description: string;
  readonly source: string;
}

/** To add a control, add a row. */
export const CONTROL_POLICIES = {
  continue: {
    network: "base",
    masks: "none",
    weights: "previous",
    order: "base",
    description: "the dense network trained on, as long as the tickets were, without pruning",
    source: "Blalock et al. 2020; Gadhikar et al. 2024",
  },
  reinit: {
    network: "base",
    masks: "base",
    weights: "fresh",
    order: "base",
    description: "the same mask, initialised anew",
    source: "Frankle and Carbin 2019, section 2",
  },
  shuffle: {
    network: "base",
    masks: "shuffled",
    weights: "base",
    order: "base",
    description: "the mask shuffled within each layer: random, each layer keeps its count",
    source: "Frankle et al. 2021, section 5",
  },
  "random-erk": {
    network: "base",
    masks: "erk",
    weights: "base",
    order: "base",
    description: "a random mask of equal size, layers by the Erdos-Renyi-Kernel rule",
    source: "Evci et al. 2020, section 3; Liu et al. 2022",
  },
  "random-uniform": {
    network: "base",
    masks: "uniform",
    weights: "base",
    order: "base",
    description: "a random mask of equal size over all layers together",
    source: "Frankle et al. 2020; Blalock et al. 2020",
  },
  "dense-small": {
    network: "small",
    masks: "none",
    weights: "fresh",
    order: "base",
    description: "a dense network with about as many weights",
    source: "Liu et al. 2019; Blalock et al. 2020",
  },
  signs: {
    network: "base",
    masks: "base",
    weights: "signs",
    order: "base",
    description: "the same mask, only the signs of the initial weights",
    source: "Zhou et al. 2019",
  },
  reorder: {
    network: "base",
    masks: "base",
    weights: "ticket",
    order: "other",
    description: "the same mask and start, another data order",
    source: "Frankle et al. 2020, section 2",
  },
} as const satisfies Record<string, ControlPolicy>;

export type ControlKind = keyof typeof CONTROL_POLICIES;
export const CONTROLS = Object.keys(CONTROL_POLICIES) as [ControlKind, ...ControlKind[]];

/** Names of kinds in older runs. */
const OLD_KINDS: Readonly<Record<string, ControlKind>> = { random: "random-uniform" };

/** Reads a kind from a file. */
export const controlKind = z.preprocess(
  (kind) => typeof kind === "string" ? OLD_KINDS[kind] ?? kind : kind,
  z.enum(CONTROLS, { error: ({ input }) => complaint(orList(CONTROLS), input) }),
);

/** The policy of a kind of control. */
export function controlPolicy(kind: ControlKind): ControlPolicy {
  return CONTROL_POLICIES[kind];
}

/** Whether a control repeats the dense round, too. Only another data order changes that round. */
export function repeatsDenseRound({ order }: ControlPolicy): boolean {
  return order === "other";
}

/** Whether each round trains a dense network of another size. */
export function isSmallNetwork({ network }: ControlPolicy): boolean {
  return network === "small";
}

/**
 * Whether the rounds of a run have dense networks of their own sizes, and not the network of its settings.
 *
 * @param run A run's configuration or summary.
 */
export function hasSmallNetworks(
  { control }: { readonly control?: { readonly kind: ControlKind } | null | undefined },
): boolean {
  return !!control && isSmallNetwork(controlPolicy(control.kind));
}

/** Whether a control trains its base's dense network further, without pruning. */
export function trainsOn({ weights, masks }: ControlPolicy): boolean {
  return weights === "previous" && masks === "none";
}

/** Whether every round runs the whole schedule from its beginning, whatever the base's mode. */
export function runsWholeSchedule({ weights }: ControlPolicy): boolean {
  return weights === "previous" || weights === "fresh" || weights === "signs";
}

/**
 * Added to the run's seed for fresh weights and for another data order. The sum is larger than every seed
 * that the command line accepts, so no other run has it.
 */
export const FRESH_SEED_OFFSET = 2 ** 32;
