/**
 * The analysis of a finished run: the contents of `analysis.json`.
 *
 * @module
 */
import type { Scores } from "../results/summary.ts";
import type { Barrier } from "./barrier.ts";
import type { Convergence } from "./convergence.ts";
import type { LayerFilters } from "./dead_filters.ts";
import type { RoundOverlap } from "./overlap.ts";

/** The analysis of one round. */
export interface RoundAnalysis {
  round: number;
  kept: number;
  density: number;
  /** Dev scores of the initial weights under the round's mask, never trained. */
  untrained: { initial: Scores; signs: Scores };
  /** Barrier between two data orders; null if the round was not trained a second time. */
  barrier: Barrier | null;
  /** Overlap with the same round of the other run; null without one. */
  overlap: RoundOverlap | null;
  convergence: Convergence;
  filters: LayerFilters[];
}

/** `analysis.json` */
export interface Analysis {
  format: "lth-ecg-analysis/1";
  run: string;
  /** The run that masks are compared with. */
  other: string | null;
  /** Dev score of {@linkcode Convergence.epochsToThreshold}. */
  threshold: number;
  rounds: RoundAnalysis[];
}
