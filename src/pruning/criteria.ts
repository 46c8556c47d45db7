/**
 * What decides which weights survive.
 *
 * @module
 */

/** Pruning criteria by name. */
export const CRITERIA = ["magnitude", "layer-magnitude", "random"] as const;
export type Criterion = (typeof CRITERIA)[number];

/** What a criterion looks at and what it means. */
export interface CriterionInfo {
  /**
   * "trained": the network that the previous round ended with.
   * "initial": the dense network at initialisation (pruning before training).
   */
  readonly network: "trained" | "initial";
  readonly description: string;
  readonly source: string;
}

export const CRITERION_INFO: Record<Criterion, CriterionInfo> = {
  magnitude: {
    network: "trained",
    description: "largest magnitude over all tensors together",
    source: "Han et al. 2015; Frankle and Carbin 2019",
  },
  "layer-magnitude": {
    network: "trained",
    description: "largest magnitude within each tensor, the same share of each",
    source: "Han et al. 2015; Frankle and Carbin 2019, section 2",
  },
  random: {
    network: "trained",
    description: "drawn at random over all tensors together",
    source: "baseline",
  },
};
