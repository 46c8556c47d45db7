/**
 * The settings of training that the command line can change.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { OnNan } from "../training/train.ts";
import { augmentOverridden, type AugmentOverrides } from "../config/augment.ts";
import { type TeacherRun, teacherRuns } from "./teachers.ts";
import type { KernelChoice, TrainingSettings } from "../config/training_config.ts";

/** Undefined where the command line does not say anything. */
export interface TrainingOverrides extends AugmentOverrides {
  epochs?: number | undefined;
  batchSize?: number | undefined;
  /** Every round with the batches, flips and dropout of the dense round. */
  sameNoise?: boolean | undefined;
  learningRate?: number | undefined;
  schedule?: TrainingSettings["schedule"]["kind"] | undefined;
  /** The schedule's last rate, as a share of the full one. */
  rateFloor?: number | undefined;
  /** In epochs. */
  warmup?: number | undefined;
  optimizer?: TrainingSettings["optimizer"] | undefined;
  weightDecay?: number | undefined;
  /** `RUN[@round],...`, or "none". */
  teacher?: string | undefined;
  teacherTemperature?: number | undefined;
  /** Share of the loss. */
  teacherWeight?: number | undefined;
  /** Decay of the moving average of the weights. */
  average?: number | undefined;
  labelSmoothing?: number | undefined;
  classWeights?: TrainingSettings["loss"]["classWeights"] | undefined;
  /** Gamma. */
  focal?: number | undefined;
  /** Epochs without a better dev loss after which a round ends. */
  earlyStop?: number | undefined;
  /** What happens at a step whose loss or gradient is not finite. */
  onNan?: OnNan | undefined;
  /** How a GPU's kernels are chosen. */
  kernels?: KernelChoice | undefined;
}

/**
 * The settings with the given ones put in, not yet checked.
 *
 * @throws {UsageError} If an option needs another one.
 */
export function overrideTraining(base: TrainingSettings, asked: TrainingOverrides): unknown {
  const { loss } = base;
  const optimizer = asked.optimizer ?? base.optimizer;
  const weightDecay = asked.weightDecay ?? base.weightDecay;
  const decoupled = (name: TrainingSettings["optimizer"]) => name === "adamw";
  if (
    decoupled(optimizer) !== decoupled(base.optimizer) && base.weightDecay > 0 &&
    asked.weightDecay === undefined
  ) {
    throw new UsageError(
      `Cannot change the optimizer from ${base.optimizer} to ${optimizer} and keep the weight decay of ` +
        `${base.weightDecay}: adamw decays weights apart from the gradient; give --weight-decay, too`,
    );
  }
  if (asked.optimizer === "adamw" && weightDecay === 0) {
    throw new UsageError(
      "Cannot use --optimizer adamw without a decay: add --weight-decay, e.g. 0.05, or use adam",
    );
  }
  return {
    ...base,
    epochs: asked.epochs ?? base.epochs,
    batchSize: asked.batchSize ?? base.batchSize,
    learningRate: asked.learningRate ?? base.learningRate,
    schedule: scheduleOf(base.schedule, asked),
    warmup: asked.warmup ?? base.warmup,
    optimizer,
    weightDecay,
    augment: augmentOverridden(base.augment, asked),
    loss: {
      labelSmoothing: asked.labelSmoothing ?? loss.labelSmoothing,
      classWeights: asked.classWeights ?? loss.classWeights,
      focal: asked.focal ?? loss.focal,
    },
    teacher: teacherOf(base.teacher, asked),
    average: asked.average ?? base.average,
    earlyStopping: asked.earlyStop === undefined
      ? base.earlyStopping
      : { patience: asked.earlyStop, minEpochs: 1, metric: "loss" },
    sameNoise: asked.sameNoise ?? base.sameNoise,
    onNan: asked.onNan ?? base.onNan,
    kernels: asked.kernels ?? base.kernels,
  };
}

/** What `--teacher` gives beside the runs. */
const TEACHING = { temperature: 2, weight: 0.5 };

function teacherOf(
  base: TrainingSettings["teacher"],
  asked: TrainingOverrides,
): TrainingSettings["teacher"] {
  const { teacher, teacherTemperature: temperature, teacherWeight: weight } = asked;
  if (teacher === "none" || (teacher === undefined && base === null)) {
    const lonely = temperature !== undefined ? "--teacher-temperature" : "--teacher-weight";
    if (temperature === undefined && weight === undefined) return null;
    throw new UsageError(`Cannot use ${lonely} without a teacher: add --teacher RUN`);
  }
  const given = { ...TEACHING, ...base };
  return {
    runs: teacher === undefined ? base!.runs : runsOf(base, teacher),
    temperature: temperature ?? given.temperature,
    weight: weight ?? given.weight,
  };
}

/** The same networks under other names are the same teachers. */
function runsOf(base: TrainingSettings["teacher"], text: string): TeacherRun[] {
  const asked = teacherRuns(text);
  const sums = (runs: readonly TeacherRun[]) => runs.map(({ sha256 }) => sha256).join();
  return base !== null && sums(base.runs) === sums(asked) ? base.runs : asked;
}

/** Of a schedule that has one. */
const DEFAULT_FLOOR = 0.01;

/** What `--schedule` gives, where the settings before it had another kind. */
const SCHEDULE_OF_KIND: Record<TrainingSettings["schedule"]["kind"], TrainingSettings["schedule"]> =
  {
    constant: { kind: "constant" },
    step: { kind: "step", milestones: [0.6, 0.85], factor: 0.1 },
    plateau: { kind: "plateau", factor: 0.1, patience: 2, minimum: 1e-6 },
    cosine: { kind: "cosine", floor: DEFAULT_FLOOR },
    linear: { kind: "linear", floor: DEFAULT_FLOOR },
    "one-cycle": { kind: "one-cycle", floor: DEFAULT_FLOOR },
  };

function scheduleOf(
  base: TrainingSettings["schedule"],
  { schedule: kind = base.kind, rateFloor }: TrainingOverrides,
): TrainingSettings["schedule"] {
  const schedule = kind === base.kind ? base : SCHEDULE_OF_KIND[kind];
  if (rateFloor === undefined) return schedule;
  if ("floor" in schedule) return { ...schedule, floor: rateFloor };
  throw new UsageError(
    `Cannot use --rate-floor with the schedule ${kind}: only cosine, linear and one-cycle have one`,
  );
}
