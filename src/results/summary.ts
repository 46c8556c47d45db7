/**
 * The results of a run: the contents of `summary.json`, with the schema by which every reader checks it
 * (read.ts). Interruptions of the run have no effect on it; times are in `timing.json`.
 *
 * @module
 */
import { z } from "zod";
import { type ControlKind, controlKind } from "../config/controls.ts";
import { type Mode, MODES } from "../config/modes.ts";
import type { LayerCount } from "../pruning/cost.ts";
import type { Calibration } from "../training/calibration.ts";
import type { Scores } from "../training/metrics.ts";
import type { EpochRow } from "../training/progress.ts";

export type { EpochRow, LayerCount, Scores };

/** The training of a round whose masks changed during it. */
export interface ChangingTraining {
  /** Number of changes of the masks. */
  maskChanges: number;
  /** Number of additional steps for gradients of all weights, pruned ones included. */
  denseGradients: number;
  /** Mean of kept / prunable over the steps. */
  density: number;
  /** Mean multiply-adds of a step, as one forward pass of one 30 s record; with the additional steps. */
  macs: number;
}

/** One round: round 0 is dense, round r has been pruned r times. */
export interface RoundSummary {
  round: number;
  /** Number of prunable weights kept, and of all prunable weights. */
  kept: number;
  prunable: number;
  /** kept / prunable */
  density: number;
  /** Compression: prunable / kept. */
  theta: number;
  /** All parameters / surviving parameters, biases and batch normalisation included. */
  thetaAll: number;
  /** Bytes of the parameters stored dense and stored sparse with their index (CSR). */
  denseBytes: number;
  sparseBytes: number;
  /** Multiply-adds of one forward pass of one 30 s record, dense and with the surviving weights. */
  denseMacs: number;
  macs: number;
  layers: LayerCount[];
  /** Dev scores right after pruning, before any retraining; null for round 0. */
  afterPruning: Scores | null;
  /** The same, with batch-norm statistics estimated again on training batches. */
  afterPruningRecalibrated: Scores | null;
  /** The scores of the round, after its training. test is null if the data set has no test split. */
  dev: Scores;
  test: Scores | null;
  epochs: EpochRow[];
  /** Only if the masks changed during the round. The other fields describe the masks at its end. */
  training?: ChangingTraining;
  /** Temperature by which logits are divided for probabilities, fitted on dev; absent in older rounds (1). */
  temperature?: number;
}

/** `summary.json` */
export interface Summary {
  format: "lth-ecg-summary/1";
  name: string;
  /** Whether all configured rounds are done. */
  complete: boolean;
  /** Number of pruned rounds in the configuration; for a control, the number of its chosen rounds. */
  plannedRounds: number;
  mode: Mode;
  /** Kind and base run of a control; null if the run is not a control. */
  control: { kind: ControlKind; base: string } | null;
  classes: string[];
  /** Name of the headline score and the classes it averages. */
  metric: { name: string; classes: string[] };
  dataset: {
    sha256: string;
    /** Records per split and class, in the order of `classes`. */
    counts: Record<"train" | "dev" | "test", number[]>;
    /**
     * Group of each scored record, e.g. its patient, by split and record. Records of one group are not
     * independent, so they are resampled together. Absent if the data set has no groups.
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
    /** Number of epochs (may be fractional) that took these seconds. */
    epochs: number;
    /** The kernels of each convolution at the round's end, by name; absent in older runs. */
    kernels?: Record<string, string>;
  }[];
}

/** An object with a schema for every field of T; a missing field does not type-check. */
function objectOf<T>(fields: { [Name in keyof T]-?: z.ZodType }): z.ZodType {
  return z.looseObject(fields);
}

const number = z.number();
/** JSON has no infinity and writes null. */
const unbounded = z.number().nullable();
const count = z.number().int().min(0);

const reliability = {
  calibrationError: number,
  brier: number,
  negativeLogLikelihood: unbounded,
};

const scores = objectOf<Scores>({
  records: count,
  loss: unbounded,
  accuracy: number,
  f1: z.record(z.string(), number.nullable()),
  score: number,
  confusion: z.array(z.array(count)),
  calibration: objectOf<Calibration>({
    ...reliability,
    temperature: number,
    bins: z.array(z.looseObject({ records: count })),
    uncalibrated: z.looseObject(reliability),
  }).optional(),
});

const round = objectOf<RoundSummary>({
  round: count,
  kept: count,
  prunable: count,
  density: number,
  theta: number,
  thetaAll: number,
  denseBytes: number,
  sparseBytes: number,
  denseMacs: number,
  macs: number,
  layers: z.array(objectOf<LayerCount>({
    name: z.string(),
    shape: z.array(count),
    size: count,
    kept: count,
  })),
  afterPruning: scores.nullable(),
  // Rounds of older versions do not have it.
  afterPruningRecalibrated: scores.nullish(),
  dev: scores,
  test: scores.nullable(),
  epochs: z.array(objectOf<EpochRow>({
    epoch: count,
    step: count,
    learningRate: number,
    trainLoss: unbounded,
    gradientNorm: unbounded,
    devLoss: unbounded,
    devAccuracy: number,
    devScore: number,
    skipped: count.optional(),
  })),
  training: objectOf<ChangingTraining>({
    maskChanges: count,
    denseGradients: count,
    density: number,
    macs: number,
  }).optional(),
  temperature: number.optional(),
});

/** The schema of `summary.json`. Unknown fields are allowed. */
export const summarySchema = objectOf<Summary>({
  format: z.literal("lth-ecg-summary/1"),
  name: z.string(),
  complete: z.boolean(),
  plannedRounds: count,
  mode: z.enum(MODES),
  control: z.looseObject({ kind: controlKind, base: z.string() }).nullable(),
  classes: z.array(z.string()),
  metric: z.looseObject({ name: z.string(), classes: z.array(z.string()) }),
  dataset: objectOf<Summary["dataset"]>({
    sha256: z.string(),
    counts: z.record(z.string(), z.array(count)),
    groups: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  }),
  rounds: z.array(round),
  config: z.record(z.string(), z.unknown()),
});

/** The schema of `timing.json`. */
export const timingSchema = objectOf<Timing>({
  rounds: z.array(objectOf<Timing["rounds"][number]>({
    round: count,
    trainSeconds: number,
    epochs: number,
    kernels: z.record(z.string(), z.string()).optional(),
  })),
});
