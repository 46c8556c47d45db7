/**
 * Which runs have a dense round, and which settings have no effect on it.
 *
 * @module
 */
import type { Config } from "./config.ts";
import { isSingleTraining, type Mode } from "./modes.ts";

/**
 * Whether a run trains a dense round before its planned rounds. A single training does not; nor does a control: if it
 * repeats the dense round of its base, that is one of its planned rounds.
 *
 * @param run A run's configuration or summary.
 */
export function hasDenseRound(
  { control, mode }: { readonly control?: unknown; readonly mode: Mode },
): boolean {
  return !control && !isSingleTraining(mode);
}

/** Settings of training that only pruned rounds follow. */
export const OF_PRUNED_ROUNDS = [
  "sameNoise",
  "dropoutRounds",
] as const satisfies readonly (keyof Config["training"])[];
