/**
 * Optional parts of a report that do not come from the run's own summary.
 *
 * @module
 */
import type { RoundAnalysis } from "../analysis/analysis.ts";
import type { Summary } from "../results/summary.ts";
import type { OfLater } from "../statistics/reference.ts";

/** Optional input of a report, in addition to a summary. */
export interface Extras {
  /** Known results of an analysis by round: filters, speed, untrained scores, barrier, overlap. */
  rounds?: ReadonlyMap<number, Partial<RoundAnalysis>>;
  /** Dev score of "epochs to threshold"; null if it is not known. */
  threshold?: number | null;
  /** The run that masks were compared with. */
  other?: string | null;
  /** Other runs that differ from this one only in their seed. */
  replicates?: readonly Summary[];
  /** All pruned rounds against dense, on the records of the result; null if they cannot be computed. */
  differences?: RunDifferences | null;
  /** The run as the command line takes it; its name if left out. */
  run?: string;
  /** The decision rule in words. */
  decision?: string;
}

/** A difference to a dense network on the same records, with its 95 % interval. */
export interface DenseDifference {
  difference: number;
  low: number;
  high: number;
  /** The verdict as a sentence, e.g. "matches dense: difference …". */
  sentence: string;
  /** Score of the dense network. */
  score: number;
  /** Total epochs of the dense network; null if not known. */
  epochs: number | null;
}

/**
 * A pruned round against dense networks: the one that the run began with, or that of `RunDifferences.beside`, and the
 * one that was trained for about as long.
 */
export interface RoundDifference extends OfLater<DenseDifference, DenseDifference> {
  /** Total epochs of the pruned network; null if not known. */
  epochs: number | null;
}

/** The result of a comparison of the run alone. */
export interface RunDifferences {
  rounds: ReadonlyMap<number, RoundDifference>;
  /** Largest losses that count as a match. */
  margin: number;
  secondMargin: number;
  /** The sparsest rounds that match dense by each margin; null if none does. */
  matching: number | null;
  secondMatching: number | null;
  /** The first round that is not shown to match by `margin`; null if all are. */
  stoppedAt: number | null;
  /** Bootstrap draws of the records. */
  draws: number;
  /** The control that trained the dense network on; null if there is none. */
  continued: string | null;
  /** A run beside it whose dense network stands for its own; null if the run has one. */
  beside: string | null;
  /** The run with the dense network, as the command line takes it. */
  run: string;
}
