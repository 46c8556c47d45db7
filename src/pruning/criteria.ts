/**
 * What decides which weights survive.
 *
 * @module
 */

/** Pruning criteria by name. */
export const CRITERIA = [
  "magnitude",
  "layer-magnitude",
  "random",
  "magnitude-init",
  "snip",
  "grasp",
  "synflow",
] as const;
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
  "magnitude-init": {
    network: "initial",
    description: "largest magnitude at initialisation over all tensors together",
    source: "Frankle et al. 2021, section 3",
  },
  snip: {
    network: "initial",
    description: "largest |w dL/dw| at initialisation",
    source: "SNIP: Lee et al. 2019",
  },
  grasp: {
    network: "initial",
    description: "without them the gradient at initialisation would shrink: largest w (H g)",
    source: "GraSP: Wang et al. 2020",
  },
  synflow: {
    network: "initial",
    description: "most flow through the network of magnitudes, without data, in 100 steps",
    source: "SynFlow: Tanaka et al. 2020",
  },
};
