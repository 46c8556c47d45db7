/**
 * The result of a comparison: the contents of `comparison.json`.
 *
 * @module
 */
import type { Cost } from "./cost.ts";
import type { Estimate } from "./interval.ts";
import type { ScoredSplit } from "./run.ts";
import type { DenseVerdict, PairVerdict } from "./verdict.ts";

/** `comparison.json` */
export interface Comparison {
  format: "lth-ecg-comparison/1";
  /** The methods' names. */
  name: string;
  split: ScoredSplit;
  /** Records of the split, drawn anew in every draw. */
  records: number;
  classes: string[];
  metric: string;
  /** Loss of score that still counts as a match. */
  margin: number;
  draws: number;
  seed: number;
  /** The answers: for all methods together, for every method, for every pair. */
  sentences: { answer: string; methods: string[]; pairs: string[] };
  /** What stands against taking the answers for more than they are. */
  notes: string[];
  methods: MethodResult[];
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
  seeds: (number | null)[];
  /** The dense network first, then the pruned ones, most weights first. */
  levels: LevelResult[];
  /** The sparsest networks that match dense. */
  matching: Matching;
}

/** The networks of one method that keep equally many weights. */
export interface LevelResult {
  /** How many times it was pruned. */
  round: number;
  kept: number;
  /** kept / weights of the full network, and its inverse. */
  density: number;
  theta: number;
  /** Score per replicate, in the order of their seeds. */
  scores: number[];
  mean: number;
  min: number;
  max: number;
  /** Mean over replicates minus the mean of their dense networks; null for the dense networks. */
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
  /** Sample standard deviation of `perSeed`; null for fewer than two. */
  seedDeviation: number | null;
}

/** Positions in `MethodResult.levels`, null where no pruned network qualifies. */
export interface Matching {
  /** Largest theta whose interval lies above -margin. */
  byInterval: number | null;
  /** Largest theta whose difference itself lies above -margin: what a paper without intervals reports. */
  byPoint: number | null;
  /** Denser levels than `byInterval` that do not match. */
  gaps: number[];
}

/** Two methods at densities that both have. */
export interface PairResult {
  a: string;
  b: string;
  /** a minus b; positions in the levels of either. */
  levels: PairLevel[];
  /** Mean difference over `levels`. */
  average: Difference<PairVerdict>;
}

/** Two networks with about as many weights. */
export interface PairLevel extends Difference<PairVerdict> {
  levelA: number;
  levelB: number;
}
