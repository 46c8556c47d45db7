/**
 * The seed of a run, and its fold of a cross-validation.
 *
 * @module
 */
import { setting } from "./method.ts";
import type { Run } from "./run.ts";

/** The seed of a run's configuration. */
export function seedOf({ summary }: Run): number | null {
  const seed = setting(summary.config, "seed");
  return typeof seed === "number" ? seed : null;
}

/** The fold a run is tested on; null without cross-validation. */
export function foldOf({ summary }: Run): number | null {
  const fold = setting(summary.config, "folds.fold");
  return typeof fold === "number" ? fold : null;
}

/** The number of folds; null without cross-validation. */
export function foldCount({ summary }: Run): number | null {
  const count = setting(summary.config, "folds.count");
  return typeof count === "number" ? count : null;
}

/** Whether two runs have the same seed and the same fold. */
export function haveSameFold(a: Run, b: Run): boolean {
  return seedOf(a) === seedOf(b) && foldOf(a) === foldOf(b);
}
