/**
 * Random pruning.
 *
 * @module
 */
import type { PruningCriterion } from "../criterion.ts";
import { randomMasks } from "../random.ts";

export const random: PruningCriterion = {
  network: "trained",
  description: "drawn at random over all tensors together",
  source: "baseline",
  masks: ({ candidates, keep, seed, round }) =>
    randomMasks(candidates.map(({ parameter }) => parameter.readMask()), {
      keep,
      seed,
      stream: ["random pruning", round],
    }),
};
