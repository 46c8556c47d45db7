/**
 * Settings of a round's training: schedule, optimiser, loss.
 *
 * @module
 */
import { z } from "zod";
import { ON_NAN } from "../../training/train.ts";
import { KERNEL_CHOICES, OPTIMIZERS } from "../choices.ts";
import {
  choice,
  number,
  numbers,
  share,
  structure,
  toggle,
  whole,
  wordOrNumbers,
} from "../kinds.ts";
import { group, optional, setting, variants } from "../setting.ts";
import { augment } from "./augmentation.ts";

const floor = setting(share(), {
  label: "Last learning rate",
  unit: "of the full rate",
  help: "last learning rate, as a share of the full rate (default: 0.01)",
  flag: "--rate-floor <share>",
  default: 0.01,
});

const factor = setting(number({ above: 0, below: 1 }), {
  label: "Factor of a drop",
  help: "factor on the learning rate at a milestone or plateau",
  default: 0.1,
});

/** Of training/schedule.ts. */
const schedule = variants({
  constant: {},
  step: {
    milestones: setting(numbers({ above: 0, below: 1 }), {
      label: "Milestones",
      unit: "of the round's epochs",
      help: "when the rate drops, as shares of the round's epochs",
      default: [0.6, 0.85],
    }),
    factor,
  },
  plateau: {
    factor,
    patience: setting(whole({ least: 1 }), {
      label: "Patience of the schedule",
      counts: "epoch",
      help: "epochs without a lower dev loss that count as a plateau",
      default: 2,
    }),
    minimum: setting(number({ above: 0 }), {
      label: "Lowest learning rate",
      help: "a plateau does not lower the learning rate below this",
      default: 1e-6,
    }),
  },
  cosine: { floor },
  linear: { floor },
  "one-cycle": { floor },
}, {
  label: "Learning-rate schedule",
  called: "schedule",
  help: "how the learning rate changes within a round",
  flag: "--schedule <kind>",
  default: "step",
});

/** Changes to the cross-entropy loss; the formula is in docs/training.md. */
const loss = group({
  labelSmoothing: setting(share(), {
    label: "Label smoothing",
    help: "share of each target that is spread over all classes",
    flag: "--label-smoothing <share>",
    default: 0,
    absent: 0,
  }),
  /** "balanced": each class counts the same over the training set. A list has the order of the classes. */
  classWeights: setting(wordOrNumbers(["none", "balanced"], "for each class"), {
    label: "Class weights",
    help: "balanced, none, or a weight for each class: 1,1,1,3",
    flag: "--class-weights <list>",
    default: "none",
    absent: "none",
  }),
  focal: setting(number({ least: 0 }), {
    label: "Focal gamma",
    help: "gamma of the focal loss; 0 turns it off",
    flag: "--focal <gamma>",
    default: 0,
    absent: 0,
  }),
}, "loss");

const teacherRun = z.strictObject({
  /** Name of a run, or the path of its directory. */
  run: z.string().min(1),
  round: z.number().int().min(0),
  /** Of the file of its trained weights: a run cannot be continued with other weights. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Finished networks whose outputs the run learns from; see run/teachers.ts. */
const teacher = optional({
  /** The target is the mean of their probabilities. At most the loss op's kMostTeachers. */
  runs: setting(
    structure(z.array(teacherRun).min(1).max(8), {
      expected: "1 to 8 teachers, as RUN or RUN@round, separated by commas",
      text: (runs) => runs.map(({ run, round }) => `${run}@${round}`).join(","),
    }),
    {
      label: "Teachers",
      help: "also learn from finished networks: RUN[@round],... or none",
      flag: "--teacher <runs>",
      refers: "teachers",
    },
  ),
  temperature: setting(number({ above: 0 }), {
    label: "Temperature of teachers",
    help: "temperature that softens the teachers' probabilities (default: 2)",
    flag: "--teacher-temperature <t>",
    default: 2,
  }),
  weight: setting(number({ above: 0, most: 1 }), {
    label: "Share of teachers in the loss",
    help: "share of the loss that comes from the teachers (default: 0.5)",
    flag: "--teacher-weight <share>",
    default: 0.5,
  }),
}, { heading: "loss", needs: "a teacher", why: "add --teacher RUN" });

/** Ends a round's training before its budget when the dev score or loss has stopped improving. */
const earlyStopping = optional({
  patience: setting(whole({ least: 1 }), {
    label: "Early stopping after",
    counts: "epoch",
    unit: "without a gain",
    help: "end a round after n epochs without a lower dev loss, or off",
    flag: "--early-stop <n>",
  }),
  minEpochs: setting(whole({ least: 1 }), {
    label: "Early stopping not before",
    counts: "epoch",
    help: "smallest number of epochs in a round",
    default: 1,
  }),
  /** "loss": lower is better. "score": the headline score, higher is better. */
  metric: setting(choice(["loss", "score"]), {
    label: "Early stopping watches",
    help: "value on dev that must improve: loss or score",
    default: "loss",
  }),
}, { why: "without it every round trains for its whole budget" });

export const training = group({
  epochs: setting(whole({ least: 1 }), {
    label: "Epochs per round",
    help: "epochs of every round",
    flag: "--epochs <n>",
    default: 30,
  }),
  batchSize: setting(whole({ least: 1, most: 65_536 }), {
    label: "Batch size",
    counts: "record",
    help: "records per update",
    flag: "--batch-size <n>",
    default: 32,
  }),
  learningRate: setting(number({ above: 0 }), {
    label: "Learning rate",
    help: "full learning rate of the schedule",
    flag: "--learning-rate <x>",
    default: 1e-3,
  }),
  schedule,
  warmup: setting(number({ least: 0 }), {
    label: "Warm-up",
    counts: "epoch",
    help: "epochs in which the rate rises to that of the schedule, such as 0.5",
    flag: "--warmup <epochs>",
    default: 0,
    absent: 0,
  }),
  optimizer: setting(choice(OPTIMIZERS), {
    label: "Optimizer",
    help: "how weights are updated from gradients",
    flag: "--optimizer <name>",
    default: "adam",
  }),
  beta1: setting(share(), {
    label: "Beta 1",
    help: "decay of the mean gradient; for sgd, the momentum",
    default: 0.9,
  }),
  beta2: setting(share(), {
    label: "Beta 2",
    help: "decay of the mean squared gradient",
    default: 0.999,
  }),
  epsilon: setting(number({ above: 0 }), {
    label: "Epsilon",
    help: "constant that the optimizer adds to a denominator",
    default: 1e-8,
  }),
  weightDecay: setting(number({ least: 0 }), {
    label: "Weight decay",
    help: "weight decay: decoupled with adamw, else added to the gradient",
    flag: "--weight-decay <x>",
    default: 0,
  }),
  clipNorm: setting(number({ least: 0 }), {
    label: "Gradient norm, at most",
    help: "gradients with a larger norm are scaled down to it; 0 for no limit",
    default: 1,
  }),
  flip: setting(toggle(), {
    label: "Sign flips",
    help: "whether training records are negated at random",
    heading: "augmentation",
    default: true,
  }),
  sameNoise: setting(toggle(), {
    label: "Same noise in every round",
    help: "repeat the dense round's batches, flips and dropout in every round",
    flag: "--same-noise",
    otherwise: "give every round its own batches, flips and dropout (default)",
    default: false,
    absent: true,
  }),
  dropoutRounds: setting(choice(["all", "dense", "first"]), {
    label: "Rounds with dropout",
    help: "rounds with dropout: all, those of dense networks, or the first alone",
    flag: "--dropout-rounds <which>",
    heading: "network",
    default: "all",
    absent: "all",
  }),
  augment,
  loss,
  teacher,
  average: setting(share(), {
    label: "Decay of averaged weights",
    help: "decay of a moving average of the weights, such as 0.999",
    flag: "--average <decay>",
    default: 0,
    absent: 0,
  }),
  earlyStopping,
  onNan: setting(choice(ON_NAN), {
    label: "At a step that is not finite",
    help: "what to do when a training step is not finite (default: stop)",
    flag: "--on-nan <what>",
    default: "stop",
    absent: "stop",
  }),
  /** Matters only where the kernels of convolutions differ in bits; see run/round_kernels.ts. */
  kernels: setting(choice(KERNEL_CHOICES), {
    label: "Choice of GPU kernels",
    help: "how the kernels of a GPU are chosen (default: timed)",
    flag: "--kernels <how>",
    heading: "device",
    default: "timed",
    absent: "timed",
  }),
}, "training");
