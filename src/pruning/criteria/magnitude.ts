/**
 * Global magnitude pruning.
 *
 * @module
 */
import type { PruningCriterion } from "../criterion.ts";

export const magnitude: PruningCriterion = {
  network: "trained",
  description: "largest magnitude over all tensors together",
  source: "Han et al. 2015; Frankle and Carbin 2019",
  masks: ({ bench, candidates, keep }) =>
    bench.device.selectMagnitude(candidates.map(({ parameter }) => parameter), keep),
};
