/**
 * The result of a comparison: the contents of `comparison.json`.
 *
 * @module
 */
import type { DecisionRule } from "../training/decision.ts";
import type { Cost } from "./cost.ts";
import type { Sides } from "./equal_training.ts";
import type { Estimate } from "../statistics/estimate.ts";
import type { OfDense, OfLater } from "../statistics/reference.ts";
import type { ScoredSplit } from "./run.ts";
import type { DenseVerdict, PairVerdict } from "../statistics/verdict.ts";

/** `comparison.json` */
export interface Comparison {
  format: "lth-ecg-comparison/1";
  /** The methods' names. */
  name: string;
  split: ScoredSplit;
  /** Number of records of the split; every draw resamples them. */
  records: number;
  /** Groups (patients) that the records belong to and are drawn with; null where they have none. */
  groups: number | null;
  classes: string[];
  metric: string;
  /** Largest loss of score that counts as a match: the primary margin and the second one. */
  margin: number;
  secondMargin: number;
  /** The rule by which records were decided again; null for each run's own rule. */
  rescored: DecisionRule | null;
  draws: number;
  seed: number;
  /** The answers: for all methods together, for every method, for planned tests, for every pair. */
  sentences: { answer: string; methods: string[]; tests: string[]; pairs: string[] };
  /** Limits of the answers. */
  notes: string[];
  /** Commands and options that would make the answers better; for the terminal, pages leave them out. */
  hints: string[];
  /** By name, then the controls. */
  methods: MethodResult[];
  /** Planned differences; their p values are adjusted together. */
  tests: PairTest[];
  /** All pairs; those without a planned test are exploratory. */
  pairs: PairResult[];
  runs: RunEntry[];
}

/** A run and its place in the comparison. */
export interface RunEntry {
  name: string;
  method: string;
  seed: number | null;
  fold: number | null;
  complete: boolean;
  rounds: number;
  dataset: string;
}

/** One method: runs that differ only in seed and fold. */
export interface MethodResult {
  name: string;
  /** Seed of each replicate; null if it has none, or a different one in every fold. */
  seeds: (number | null)[];
  /** Number of folds pooled in each replicate; 1 without cross-validation. */
  folds: number;
  /** Whether it is the dense network trained on, without pruning: its levels differ in epochs. */
  continued: boolean;
  /**
   * The dense network first, then the pruned ones, most weights first; or, for a dense network that was
   * trained on, that network by the number of additional epochs.
   */
  levels: LevelResult[];
  /** How far it matches dense by the primary and by the second margin. */
  matching: Matching;
  secondMatching: Matching;
}

/** The networks of one method that keep the same number of weights. */
export type LevelResult = LevelScores & (DenseLevel | LaterLevel);

/** The scores and the cost of a level. */
export interface LevelScores {
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
  /** Mean over runs; null for a control whose base is missing. */
  cost: Cost | null;
  /** Per run: epochs until dev reached the final dev score of its dense network, null if never. */
  epochsToDense: (number | null)[];
}

/** The dense networks that the method began with: they are compared with nothing. */
export interface DenseLevel extends OfDense {
  readonly toEqualWork: null;
}

/**
 * A later network. `toDense`: its mean minus that of the dense networks that the method began with. `toEqual`: the
 * mean over replicates minus the mean of dense networks trained for as many epochs in total.
 */
export interface LaterLevel extends OfLater<Difference<DenseVerdict>, EqualTraining> {
  /** Like `toEqual`, with dense networks that took as much work, in epochs of the dense network. */
  readonly toEqualWork: EqualTraining | null;
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
  /** Sample standard deviation of `perFold`, or of `perSeed` without folds; null for fewer than two. */
  seedDeviation: number | null;
  /** For an interval over folds: the corrected interval of Nadeau and Bengio. */
  corrected: { low: number; high: number } | null;
  /** For an interval over folds: the one over records alone, with the networks as they are. */
  records: { low: number; high: number } | null;
}

/** A difference to dense networks of equal training. */
export interface EqualTraining extends Difference<DenseVerdict> {
  /** Total epochs of each side, and its work in epochs of the dense network; means over runs. */
  epochs: Sides;
  denseEpochs: Sides;
  /** Number of replicates that have such a dense network, and number of all replicates. */
  replicates: { compared: number; of: number };
}

/** Positions in `MethodResult.levels`, null where no pruned network qualifies. */
export interface Matching {
  /** Largest theta that matches, tested from dense to sparse up to the first that does not. */
  byInterval: number | null;
  /** The first that is not shown to match; null if all are. */
  stoppedAt: number | null;
  /** Largest theta whose difference, without its interval, is above -margin, as in papers without intervals. */
  byPoint: number | null;
}

/** A difference between two methods that was planned before the results were seen. */
export interface PairTest {
  a: string;
  b: string;
  /** Density of the network of `a`; null for the mean over all densities that both have. */
  density: number | null;
  difference: number;
  low: number;
  high: number;
  p: number;
  /** The p value, adjusted by Holm's method over all planned tests. */
  adjusted: number;
  /** Whether `adjusted` is below 0.05. */
  differs: boolean;
}

/** Two methods at densities that both have. */
export interface PairResult {
  a: string;
  b: string;
  /** Whether a planned test names this pair. */
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
  /** Whether both had the same total epochs, and their weights the same number of epochs. */
  equalTraining: boolean;
}
