/**
 * Magnitude pruning within each tensor.
 *
 * @module
 */
import type { PruningCriterion } from "../criterion.ts";
import { proportionalShares } from "../layer_shares.ts";

export const layerMagnitude: PruningCriterion = {
  network: "trained",
  description: "largest magnitude within each tensor, the same share of each",
  source: "Han et al. 2015; Frankle and Carbin 2019, section 2",
  masks({ bench, candidates, keep }) {
    const shares = proportionalShares(candidates.map(({ parameter }) => parameter.kept), keep);
    return candidates.flatMap(({ parameter }, i) =>
      bench.device.selectMagnitude([parameter], shares[i]!)
    );
  },
};
