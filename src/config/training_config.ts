/**
 * The settings of a round's training: schedule, optimiser and loss. What is absent was not there yet
 * when a run was made, and has a default that changes nothing.
 *
 * @module
 */
import { z } from "zod";
import { ON_NAN } from "../training/train.ts";
import { augmentSettings } from "./augment.ts";

const fraction = z.number().min(0).lt(1);
const count = z.number().int().min(1);

/** Of training/schedule.ts. */
const schedule = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant") }),
  z.strictObject({
    kind: z.literal("step"),
    milestones: z.array(z.number().gt(0).lt(1)),
    factor: z.number().gt(0).lt(1),
  }),
  z.strictObject({
    kind: z.literal("plateau"),
    factor: z.number().gt(0).lt(1),
    patience: count,
    minimum: z.number().gt(0),
  }),
  z.strictObject({ kind: z.literal(["cosine", "linear", "one-cycle"]), floor: fraction }),
]);

/** What the loss is made of beside cross-entropy; the formula is in docs/training.md. */
const loss = z.strictObject({
  labelSmoothing: fraction.default(0),
  /** "balanced": each class counts the same over the training set. A list: in the classes' order. */
  classWeights: z.union([z.enum(["none", "balanced"]), z.array(z.number().min(0)).min(1)])
    .default("none"),
  /** Gamma of the focal loss; 0 for none. */
  focal: z.number().min(0).default(0),
});

/** Finished networks whose outputs are followed; see experiment/teachers.ts. */
const teacher = z.strictObject({
  /** Followed in the mean of their probabilities; at most the loss op's kMostTeachers. */
  runs: z.array(z.strictObject({
    /** Name of a run, or the path of its directory. */
    run: z.string().min(1),
    round: z.number().int().min(0),
    /** Of the file of its trained weights, so that a run cannot be continued with another one. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })).min(1).max(8),
  temperature: z.number().gt(0),
  /** Share of the loss that is theirs. */
  weight: z.number().gt(0).max(1),
});

/** Ends a round's training before its budget, once dev says that nothing is gained any more. */
const earlyStopping = z.strictObject({
  /** Epochs without a better dev value than the best so far. */
  patience: count,
  /** But not before so many epochs of the round. */
  minEpochs: count,
  /** "loss": lower is better. "score": the headline score, higher is better. */
  metric: z.enum(["loss", "score"]),
});

/**
 * How a round's kernels are chosen on a GPU: by timing, or by the density of each layer, which is slower
 * at times and always the same, so that runs of one seed are bit-equal.
 */
export const KERNEL_CHOICES = ["timed", "density"] as const;
export type KernelChoice = (typeof KERNEL_CHOICES)[number];

/** The optimisers, of native/include/lth/backend.h. */
export const OPTIMIZERS = ["adam", "adamw", "sgd"] as const;

export const trainingSettings = z.strictObject({
  epochs: count,
  batchSize: count,
  /** The schedule's full rate. */
  learningRate: z.number().gt(0),
  schedule,
  /** Epochs in which the rate rises to what the schedule gives. */
  warmup: z.number().min(0).default(0),
  optimizer: z.enum(OPTIMIZERS),
  beta1: fraction,
  beta2: fraction,
  epsilon: z.number().gt(0),
  weightDecay: z.number().min(0),
  clipNorm: z.number().min(0),
  flip: z.boolean(),
  /**
   * Whether every round sees the batches, sign flips and dropout of the dense round again, as in runs
   * from before each round had its own.
   */
  sameNoise: z.boolean().default(true),
  /** Other random changes of training records; null for none. */
  augment: augmentSettings.nullable().default(null),
  loss: loss.default({ labelSmoothing: 0, classWeights: "none", focal: 0 }),
  /** Off when null. */
  teacher: teacher.nullable().default(null),
  /** Decay of the moving average of the weights; 0 for none. */
  average: fraction.default(0),
  /** Off when null: every round gets its whole budget. */
  earlyStopping: earlyStopping.nullable().default(null),
  /** What happens at a step whose loss or gradient is not finite; see training/train.ts. */
  onNan: z.enum(ON_NAN).default("stop"),
  /** Where the kernels of convolutions differ in bits; see lottery/round_kernels.ts. */
  kernels: z.enum(KERNEL_CHOICES).default("timed"),
}).superRefine(({ warmup, epochs, schedule: { kind }, loss: { classWeights } }, context) => {
  const refuse = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  if (warmup >= epochs) {
    refuse(["warmup"], `expected less than the ${epochs} epochs of a round, not ${warmup}`);
  }
  if (warmup > 0 && kind === "one-cycle") {
    refuse(["warmup"], "expected 0 with the schedule one-cycle, which has its own rise");
  }
  if (Array.isArray(classWeights) && classWeights.every((weight) => weight === 0)) {
    refuse(["loss", "classWeights"], "expected a weight above 0: there would be no loss");
  }
});

/** The settings of a round's training. */
export type TrainingSettings = z.infer<typeof trainingSettings>;
