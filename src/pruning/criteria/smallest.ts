/**
 * Smallest magnitudes, a control that any criterion must beat.
 *
 * @module
 */
import { highest, type PruningCriterion } from "../criterion.ts";

export const smallest: PruningCriterion = {
  network: "trained",
  description: "smallest magnitude over all tensors together",
  source: "Zhou et al. 2019, table 1",
  masks: (task) =>
    highest(
      task,
      task.bench.network.prunable.map(({ parameter }) =>
        Float64Array.from(parameter.read("value"), (w) => -Math.abs(w))
      ),
    ),
};
