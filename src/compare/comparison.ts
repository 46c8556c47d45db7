/**
 * The result of a comparison: the contents of `comparison.json`.
 *
 * @module
 */
import type { DecisionRule } from "../training/decision.ts";
import type { Cost } from "./cost.ts";
import type { Estimate } from "../statistics/estimate.ts";
import type { ScoredSplit } from "./run.ts";
import type { DenseVerdict, PairVerdict } from "../statistics/verdict.ts";

/** `comparison.json` */
export interface Comparison {
  format: "lth-ecg-comparison/1";
  /** The methods' names. */
  name: string;
  split: ScoredSplit;
  /** Records of the split, drawn anew in every draw. */
  records: number;
  /** Groups (patients) that the records belong to and are drawn with; null where they have none. */
  groups: number | null;
  classes: string[];
  metric: string;
  /** Loss of score that still counts as a match: the primary margin, and a second one beside it. */
  margin: number;
  secondMargin: number;
  /** The rule that records were decided by again; null for each run's own. */
  rescored: DecisionRule | null;
  draws: number;
  seed: number;
  /** The answers: for all methods together, for every method, for tests named before, for every pair. */
  sentences: { answer: string; methods: string[]; tests: string[]; pairs: string[] };
  /** What stands against taking the answers for more than they are. */
  notes: string[];
  methods: MethodResult[];
  /** Differences that were named before; their p values are adjusted together. */
  tests: PairTest[];
  /** All pairs; those that no test names are exploratory. */
  pairs: PairResult[];
  runs: RunEntry[];
}

/** A run and what it was taken for. */
export interface RunEntry {
  name: string;
  method: string;
  seed: number | null;
  fold: number | null;
  complete: boolean;
  rounds: number;
  dataset: string;
}

/** One method: runs that differ in nothing but seed and fold. */
export interface MethodResult {
  name: string;
  /** Per replicate; null where it has none, or one of its own in every fold. */
  seeds: (number | null)[];
  /** Folds that each replicate is pooled from; 1 without cross-validation. */
  folds: number;
  /** Whether it is the dense network trained on, without pruning: its levels differ in epochs. */
  continued: boolean;
  /**
   * The dense network first, then the pruned ones, most weights first; or the same dense network by the
   * epochs it was trained on for.
   */
  levels: LevelResult[];
  /** How far it matches dense by the primary and by the second margin. */
  matching: Matching;
  secondMatching: Matching;
}

/** The networks of one method that keep equally many weights. */
export interface LevelResult {
  /** How many times it was pruned. */
  round: number;
  kept: number;
  /** kept / weights of the full network, and its inverse. */
  density: number;
  theta: number;
  /** All parameters over surviving ones, biases and norms included; null if it was not recorded. */
  thetaAll: number | null;
  /** Score per replicate, in the order of their seeds. */
  scores: number[];
  mean: number;
  min: number;
  max: number;
  /**
   * Mean over replicates minus that of dense networks trained for as many epochs in all; null for dense
   * networks and where there are none.
   */
  toEqual: EqualTraining | null;
  /** The same minus the dense networks that it began with; null for those. */
  toDense: Difference<DenseVerdict> | null;
  /** Mean over runs; null for a control whose base is not there. */
  cost: Cost | null;
  /** Per run: epochs until dev reached the final dev score of its dense network, null if never. */
  epochsToDense: (number | null)[];
}

/** A difference with what the draws and the seeds say about it. */
export interface Difference<Verdict> extends Estimate {
  verdict: Verdict;
  /** The verdict with its numbers. */
  sentence: string;
  /** Per seed; [] if the two sides do not have the same seeds. */
  perSeed: number[];
  /** Per fold of a single replicate; [] otherwise. */
  perFold: number[];
  /** Sample standard deviation of `perFold`, else of `perSeed`; null for fewer than two. */
  seedDeviation: number | null;
  /** Of an interval over folds: the corrected one of Nadeau and Bengio. */
  corrected: { low: number; high: number } | null;
}

/** A difference to dense networks of equal training. */
export interface EqualTraining extends Difference<DenseVerdict> {
  /** Epochs in all of either side, mean over runs. */
  epochs: { own: number; dense: number };
  /** Replicates that have such a dense network, of how many. */
  replicates: { compared: number; of: number };
}

/** Positions in `MethodResult.levels`, null where no pruned network qualifies. */
export interface Matching {
  /** Largest theta that matches, tested from dense to sparse up to the first that does not. */
  byInterval: number | null;
  /** The first that is not shown to match; null if all are. */
  stoppedAt: number | null;
  /** Largest theta whose difference itself lies above -margin: what a paper without intervals reports. */
  byPoint: number | null;
}

/** A difference between two methods that was named before the results were seen. */
export interface PairTest {
  a: string;
  b: string;
  /** Density of the network of `a`; null for the mean over all densities that both have. */
  density: number | null;
  difference: number;
  low: number;
  high: number;
  p: number;
  /** p adjusted by Holm for all tests. */
  adjusted: number;
  /** Whether `adjusted` is below 0.05. */
  differs: boolean;
}

/** Two methods at densities that both have. */
export interface PairResult {
  a: string;
  b: string;
  /** Whether a test names it. */
  named: boolean;
  /** a minus b; positions in the levels of either. */
  levels: PairLevel[];
  /** Mean difference over `levels`. */
  average: Difference<PairVerdict>;
}

/** Two networks with about as many weights. */
export interface PairLevel extends Difference<PairVerdict> {
  levelA: number;
  levelB: number;
  /** Whether both had as many epochs in all, and their weights as many. */
  equalTraining: boolean;
}
