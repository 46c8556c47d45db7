/**
 * The tables from which a report is drawn. The page contains them as JSON, so every value is a number, a
 * string or null (NaN and infinities become null). Nothing else is needed to draw the report.
 *
 * @module
 */
import type { ChangingTraining } from "../results/summary.ts";

/** A measured value; null if it does not exist or was not a finite number. */
export type Value = number | null;

/** Scores of one network on one split, with classes by position. */
export interface SplitData {
  records: number;
  /** The headline score. */
  score: Value;
  /** Approximate standard error of `score` from the sampling of records. */
  standardError: Value;
  loss: Value;
  accuracy: Value;
  /** F1 per class, in the order of `ReportData.classes`. */
  f1: Value[];
  /** confusion[true class][predicted class], records. */
  confusion: number[][];
  /** null if probabilities were not measured. */
  calibration: CalibrationData | null;
}

/** Calibration of probabilities; see training/calibration.ts. */
export interface CalibrationData {
  temperature: Value;
  /** Expected calibration error and Brier score at the fitted temperature. */
  calibrationError: Value;
  brier: Value;
  /** The same two values at temperature 1. */
  uncalibrated: { calibrationError: Value; brier: Value };
  /** Non-empty bins of equal width of the largest probability; `bin` counts from 0. */
  bins: [bin: number, records: number, confidence: Value, accuracy: Value][];
  /** Number of bins, the empty ones included. */
  binCount: number;
}

/** Learning curves of one round, one value per kept epoch. */
export interface EpochColumns {
  epoch: number[];
  step: Value[];
  learningRate: Value[];
  trainLoss: Value[];
  gradientNorm: Value[];
  devLoss: Value[];
  devAccuracy: Value[];
  devScore: Value[];
  /** Weights kept / prunable at the epoch's end; only if it changes from epoch to epoch. */
  density?: Value[];
}

/** One round of the run. Fractions are 0..1. */
export interface RoundData {
  round: number;
  kept: number;
  prunable: number;
  density: number;
  /** prunable / kept; null when nothing is kept. */
  theta: Value;
  thetaAll: Value;
  denseBytes: number;
  sparseBytes: number;
  denseMacs: number;
  macs: number;
  /** Weights kept per layer, in the order of `ReportData.layers`; null where the layer is not listed. */
  layers: Value[];
  dev: SplitData;
  test: SplitData | null;
  /** On dev, before any retraining. */
  afterPruning: SplitData | null;
  /** The same, with running statistics estimated again; null in runs that did not measure it. */
  afterPruningRecalibrated: SplitData | null;
  epochs: EpochColumns;
  /** Only if the masks changed during the training. */
  training?: ChangingTraining;
  /** Wall-clock seconds of training and dev evaluation; null when the run recorded none. */
  secondsPerEpoch: Value;
  /** Filters that do nothing; null if the masks were not examined. */
  filters: FilterCounts | null;
  /** Results of `deno task lth analyze`; null if it did not run. */
  ticket: TicketData | null;
}

/** Filters per layer, in the order of `ReportData.layers`; null where a layer is not listed. */
export interface FilterCounts {
  filters: Value[];
  /** Filters without a weight. */
  empty: Value[];
  /** Filters without a path from the signal, the empty ones included. */
  constant: Value[];
  /** Filters without a path to a logit. */
  unused: Value[];
}

/** An analysis of one round. */
export interface TicketData {
  /** Dev scores of the initial weights under the mask, and of their signs. */
  untrained: Value;
  signs: Value;
  /** Largest error between the networks of two data orders minus the mean of both. */
  instability: Value;
  /** [place between the two networks, error] */
  line: [at: number, error: Value][] | null;
  /** Jaccard index of the masks of two runs, and that expected of random masks. */
  overlap: Value;
  overlapByChance: Value;
  epochsToThreshold: Value;
  lowestLossEpoch: Value;
}

/** Mean and range over replicates. */
export interface Band {
  mean: number;
  min: number;
  max: number;
  /** Number of runs that have this network. */
  count: number;
}

/** Runs that differ only in their seed. */
export interface ReplicateData {
  /** This run's first. */
  names: string[];
  /** In the order of `ReportData.rounds`. */
  rounds: { test: Band | null; dev: Band | null }[];
}

/** One prunable tensor. */
export interface LayerData {
  name: string;
  /** [Cout, Cin, K] */
  shape: number[];
  size: number;
}

/** Everything the page's script needs. */
export interface ReportData {
  name: string;
  mode: string;
  /** Whether the run is one training, without a dense round, whose masks change meanwhile. */
  single: boolean;
  complete: boolean;
  metric: string;
  /** The decision rule in words; null if it is not known. */
  decision: string | null;
  classes: string[];
  layers: LayerData[];
  rounds: RoundData[];
  /** Epochs in the run and epochs kept in the curves; equal unless the curves were thinned. */
  epochs: { recorded: number; kept: number };
  /** null for a run without replicates. */
  replicates: ReplicateData | null;
  /** Dev score of "epochs to threshold", and the run that masks were compared with. */
  threshold: Value;
  other: string | null;
}

/** One of a round's three evaluations. */
export type Split = "test" | "dev" | "afterPruning";

/** The split that carries the result: test where the run has one, else dev. */
export function resultSplit(rounds: readonly RoundData[]): "test" | "dev" {
  return rounds.some((round) => round.test !== null) ? "test" : "dev";
}

/** The network of a run that has only one, so that nothing can be drawn over rounds; null with any other number. */
export function onlyNetwork({ rounds }: Pick<ReportData, "rounds">): RoundData | null {
  return rounds.length === 1 ? rounds[0]! : null;
}

/** The dense network that a run began with; undefined for a control and a single training, which have none. */
export function denseOf<Round extends { round: number }>(
  rounds: readonly Round[],
): Round | undefined {
  return rounds.find(({ round }) => round === 0);
}
