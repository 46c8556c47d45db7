/**
 * The registry of criteria, which decide which weights survive. A criterion is a file below criteria/ and a
 * line here.
 *
 * @module
 */
import { grasp } from "./criteria/grasp.ts";
import { layerMagnitude } from "./criteria/layer_magnitude.ts";
import { magnitude } from "./criteria/magnitude.ts";
import { magnitudeInit } from "./criteria/magnitude_init.ts";
import { random } from "./criteria/random.ts";
import { snip } from "./criteria/snip.ts";
import { synflow } from "./criteria/synflow.ts";
import type { PruningCriterion } from "./criterion.ts";

const REGISTRY = {
  magnitude,
  "layer-magnitude": layerMagnitude,
  random,
  "magnitude-init": magnitudeInit,
  snip,
  grasp,
  synflow,
} as const satisfies Record<string, PruningCriterion>;

/** A criterion's name. */
export type Criterion = keyof typeof REGISTRY;
export const CRITERIA = Object.keys(REGISTRY) as [Criterion, ...Criterion[]];

/** The criterion with a name. */
export function criterionOf(name: Criterion): PruningCriterion {
  return REGISTRY[name];
}
