/**
 * What each control replaces in the rounds of a finished run. A control trains the base's sparsity again
 * with one thing changed, so that the difference shows what that thing is worth.
 *
 * @module
 */
import type { ControlKind } from "../experiment/config.ts";

export interface ControlPolicy {
  /**
   * "base": the mask of the base's round.
   * "shuffled": that mask permuted within each layer; every layer keeps its count.
   * "random": drawn uniformly over all layers together; the network keeps the count.
   * "dense": all weights of a network with fewer filters, as many as come nearest to the count.
   */
  readonly masks: "base" | "shuffled" | "random" | "dense";
  /**
   * "base": as the base's mode has it, the mask aside. Where it rewinds, the base's rewind point with the
   * schedule from there on; where it keeps weights, the base's trained dense network.
   * "ticket": exactly what the base's round began its training with.
   * "fresh": initialised with another seed and trained by the whole schedule.
   * "signs": the sign of each initial weight times the layer's initial standard deviation, trained by the
   * whole schedule.
   */
  readonly weights: "base" | "ticket" | "fresh" | "signs";
  readonly description: string;
  readonly source: string;
}

export const CONTROL_POLICIES: Record<ControlKind, ControlPolicy> = {
  reinit: {
    masks: "base",
    weights: "fresh",
    description: "the same mask, initialised anew",
    source: "Frankle and Carbin 2019, section 2",
  },
  shuffle: {
    masks: "shuffled",
    weights: "base",
    description: "the mask shuffled within each layer",
    source: "Frankle et al. 2021, section 5",
  },
  random: {
    masks: "random",
    weights: "base",
    description: "a random mask of equal size over all layers together",
    source: "Frankle et al. 2020; Blalock et al. 2020",
  },
  "dense-small": {
    masks: "dense",
    weights: "fresh",
    description: "a dense network with about as many weights",
    source: "Liu et al. 2019; Blalock et al. 2020",
  },
  signs: {
    masks: "base",
    weights: "signs",
    description: "the same mask, only the signs of the initial weights",
    source: "Zhou et al. 2019",
  },
  // Its batches, sign flips and dropout come from another seed (see control_config.ts).
  reorder: {
    masks: "base",
    weights: "ticket",
    description: "the same mask and start, another data order",
    source: "Frankle et al. 2020, section 2",
  },
};

/**
 * Added to the run's seed for fresh weights and for another data order: beyond all seeds that the command
 * line takes, so that no other run has them.
 */
export const FRESH_SEED_OFFSET = 2 ** 32;
