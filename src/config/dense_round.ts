/**
 * Which settings have no effect on the dense round.
 *
 * @module
 */
import type { Config } from "./config.ts";

/** Settings of training that only pruned rounds follow. */
export const OF_PRUNED_ROUNDS = [
  "sameNoise",
  "dropoutRounds",
] as const satisfies readonly (keyof Config["training"])[];
