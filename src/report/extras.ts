/**
 * What a report can show besides the run's own summary. Nothing of it is needed.
 *
 * @module
 */
import type { RoundAnalysis } from "../analysis/analysis.ts";
import type { Summary } from "../results/summary.ts";

/** What stands beside a summary. */
export interface Extras {
  /** By round, as far as it is known: filters, speed, untrained scores, barrier, overlap. */
  rounds?: ReadonlyMap<number, Partial<RoundAnalysis>>;
  /** Dev score of "epochs to threshold"; null if it is not known. */
  threshold?: number | null;
  /** The run that masks were compared with. */
  other?: string | null;
  /** Other runs that differ from this one in their seed alone. */
  replicates?: readonly Summary[];
  /** All pruned rounds against dense, on the records of the result; null if they cannot be had. */
  differences?: RunDifferences | null;
  /** How records are decided, in words. */
  decision?: string;
}

/** A difference to a dense network on the same records, with its 95 % interval. */
export interface DenseDifference {
  difference: number;
  low: number;
  high: number;
  /** What it says, e.g. "matches dense: difference …". */
  sentence: string;
  /** Of the dense network. */
  score: number;
  /** Epochs of the dense network in all; null if they are not known. */
  epochs: number | null;
}

/** A pruned round against dense networks. */
export interface RoundDifference {
  /** The one that the run began with. */
  toDense: DenseDifference;
  /** One that was trained for about as long; null without one. */
  toEqual: DenseDifference | null;
  /** Epochs of the pruned network in all; null if they are not known. */
  epochs: number | null;
}

/** What a comparison of the run alone says. */
export interface RunDifferences {
  rounds: ReadonlyMap<number, RoundDifference>;
  /** Losses that still count as a match. */
  margin: number;
  secondMargin: number;
  /** The sparsest rounds that match dense by either; null if none does. */
  matching: number | null;
  secondMatching: number | null;
  /** The first round that is not shown to match by `margin`; null if all are. */
  stoppedAt: number | null;
  /** Bootstrap draws of the records. */
  draws: number;
  /** The control that trained the dense network on; null if there is none. */
  continued: string | null;
  /** What commands call this run. */
  run: string;
}
