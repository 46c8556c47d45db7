/**
 * What a report can show besides the run's own summary. Nothing of it is needed.
 *
 * @module
 */
import type { RoundAnalysis } from "../analysis/analysis.ts";
import type { Summary } from "../experiment/summary.ts";

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
  /** The sparsest round against the dense one, on the records of the result. */
  paired?: PairedInterval | null;
}

/** A 95 % interval of a difference whose two scores come from the same records. */
export interface PairedInterval {
  low: number;
  high: number;
  /** Bootstrap draws it comes from. */
  draws: number;
}
