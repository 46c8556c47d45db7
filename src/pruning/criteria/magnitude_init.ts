/**
 * Global magnitude pruning of the network at initialisation.
 *
 * @module
 */
import type { PruningCriterion } from "../criterion.ts";
import { magnitude } from "./magnitude.ts";

export const magnitudeInit: PruningCriterion = {
  ...magnitude,
  network: "initial",
  description: "largest magnitude at initialisation over all tensors together",
  source: "Frankle et al. 2021, section 3",
};
