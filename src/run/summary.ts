/**
 * What a run tells about itself: the contents of `summary.json`, read by reports and comparisons.
 * Nothing in it depends on when or how often the run was interrupted; times are in `timing.json`.
 *
 * @module
 */
import type { LayerCount } from "../pruning/cost.ts";
import type { Scores } from "../training/metrics.ts";
import type { EpochRow } from "../training/progress.ts";

export type { EpochRow, LayerCount, Scores };

/** One round: round 0 is dense, round r has been pruned r times. */
export interface RoundSummary {
  round: number;
  /** Prunable weights kept, and of how many. */
  kept: number;
  prunable: number;
  /** kept / prunable */
  density: number;
  /** Compression: prunable / kept. */
  theta: number;
  /** All parameters over surviving parameters (biases and batch normalisation included). */
  thetaAll: number;
  /** Bytes of the parameters stored dense and stored sparse with their index (CSR). */
  denseBytes: number;
  sparseBytes: number;
  /** Multiply-adds of one forward pass of one 30 s record, dense and with the surviving weights. */
  denseMacs: number;
  macs: number;
  layers: LayerCount[];
  /** Right after pruning, before any retraining, on dev; null for round 0. */
  afterPruning: Scores | null;
  /** The same with the statistics of batch normalisation estimated again on training batches. */
  afterPruningRecalibrated: Scores | null;
  /** THE scores: after the round's training. test is null if the data set has no test split. */
  dev: Scores;
  test: Scores | null;
  epochs: EpochRow[];
  /** What logits are divided by for probabilities, fitted on dev; absent in older rounds: 1. */
  temperature?: number;
}

/** `summary.json` */
export interface Summary {
  format: "lth-ecg-summary/1";
  name: string;
  /** Whether all configured rounds are done. */
  complete: boolean;
  /** Pruned rounds that the configuration leads to: after the dense round, or a control's chosen ones. */
  plannedRounds: number;
  /** E.g. "weight-rewind". */
  mode: string;
  /** What the run is a control of; null for a run of its own. A control has no round 0. */
  control: { kind: string; base: string } | null;
  classes: string[];
  /** Name of the headline score and the classes it averages. */
  metric: { name: string; classes: string[] };
  dataset: {
    sha256: string;
    /** Records per split and class, in the order of `classes`. */
    counts: Record<"train" | "dev" | "test", number[]>;
    /**
     * What each scored record belongs to, e.g. its patient, by split and record: records of one group are
     * not independent, so they are resampled together. Absent if the data set has no groups.
     */
    groups?: Record<"dev" | "test", Record<string, string>>;
  };
  /** Rounds finished so far, in order. */
  rounds: RoundSummary[];
  /** The resolved configuration, as in config.json. */
  config: Record<string, unknown>;
}

/** `timing.json`: wall-clock seconds, which differ between otherwise identical runs. */
export interface Timing {
  rounds: {
    round: number;
    /** Training and its dev evaluations, in the process that finished the round. */
    trainSeconds: number;
    /** Epochs (not always whole) that these seconds were spent on. */
    epochs: number;
    /** The kernels of each convolution at the round's end, by name; absent in runs before they told. */
    kernels?: Record<string, string>;
  }[];
}
