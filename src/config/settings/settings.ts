/**
 * THE schema: it holds every setting of a run once, in the order of config.json. Types, flags, `--help`,
 * `--set`, presets, validation, differences and reports follow from it; docs/extending.md says how to add
 * a setting.
 *
 * @module
 */
import { z } from "zod";
import { PRECISIONS } from "../../addon/select.ts";
import { PRIOR_UNITS, UNNAMED_RULE } from "../../training/decision.ts";
import { DECISIONS } from "../../training/tally.ts";
import { PRESET_NAMES } from "../choices.ts";
import { choice, number, orNull, stepPoint, structure, text, toggle, whole } from "../kinds.ts";
import { MODES } from "../modes.ts";
import { DEPENDS, group, optional, setting } from "../setting.ts";
import { control } from "./control.ts";
import { network } from "./network.ts";
import { pruning } from "./pruning.ts";
import { training } from "./training.ts";

const seed = whole({ least: 0 });
const askedSeed = whole({ least: 0, most: 2 ** 31 });

/** Weights that were made elsewhere; see run/start_weights.ts. */
const startFile = z.strictObject({
  file: z.string().min(1),
  /** Of the whole file: a run cannot be continued from another file. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** See data/folds.ts. The seed of the division is not the run's seed: replicates share folds. */
const folds = optional({
  count: setting(whole({ least: 2 }), {
    label: "Folds",
    help: "cross-validation: divide all records into k folds",
    flag: "--folds <k>",
  }),
  fold: setting(whole({ least: 1 }), {
    label: "Tested fold",
    help: "the fold to test on, 1 to k",
    flag: "--fold <i>",
  }),
  seed: setting(seed, {
    label: "Seed of the folds",
    help: "seed of the division into folds",
    default: 2018,
  }),
}, {
  heading: "data",
  why: "a run tests one of the folds: --folds 5 --fold 1 tests the first of five",
});

/** How a record gets its label; see training/decision.ts. */
const score = group({
  decision: setting(choice(DECISIONS), {
    label: "Decision rule",
    help: "how a record gets its label: vote of its steps, or mean of their softmax",
    flag: "--decision <rule>",
    default: "mean",
    absent: UNNAMED_RULE.decision,
  }),
  priorExponent: setting(number({ least: 0, most: 10 }), {
    label: "Exponent of the prior",
    help: "softmax is divided by the class prior to this power",
    flag: "--prior-exponent <x>",
    default: 0.5,
    absent: UNNAMED_RULE.priorExponent,
  }),
  priorUnit: setting(choice(PRIOR_UNITS), {
    label: "Priors count",
    help: "whether priors count training records or their steps",
    flag: "--prior-unit <unit>",
    default: "records",
    absent: UNNAMED_RULE.priorUnit,
  }),
}, "evaluation");

export const SETTINGS = group({
  format: setting(choice(["lth-ecg-config/1"]), {
    label: "Format",
    help: "format of the file",
    default: "lth-ecg-config/1",
    made: "this program writes it",
  }),
  /** The preset that the run started from; the run's name has it. */
  preset: setting(text("the name of a preset"), {
    label: "Preset",
    help: "settings to start from (default: quick)",
    flag: "--preset <name>",
    asked: choice(PRESET_NAMES),
    default: "cinc2017",
  }),
  data: setting(text('the directory of a data set, or "sample"'), {
    label: "Data set",
    help: 'directory of a data set from build-datasets, or "sample"',
    flag: "--data <dir>",
    heading: "data",
    default: "data",
  }),
  seed: setting(seed, {
    label: "Seed",
    help: "seed of initial weights, data order and dropout",
    flag: "--seed <n>",
    asked: askedSeed,
    default: 1,
  }),
  orderSeed: setting(orNull(seed), {
    label: "Seed of the data order",
    help: "another seed for data order and dropout alone",
    flag: "--order-seed <n>",
    asked: askedSeed,
    default: null,
    absent: null,
  }),
  /** Null for weights drawn from `seed`. */
  initFrom: setting(
    orNull(structure(startFile, {
      expected: "a safetensors file of weights",
      text: ({ file, sha256 }) => `${file} (sha256 ${sha256.slice(0, 12)}…)`,
    })),
    {
      label: "Initial weights from",
      help: "safetensors file of initial weights, instead of weights from the seed",
      flag: "--init <file>",
      heading: "network",
      refers: "weights",
      default: null,
      absent: null,
    },
  ),
  backend: setting(choice(["cpu", "cuda"]), {
    label: "Backend",
    help: "device to compute on",
    flag: "--backend <name>",
    heading: "device",
    default: "cpu",
  }),
  mode: setting(choice(MODES), {
    label: "Mode",
    help: "what weights and learning rate return to after pruning",
    flag: "--mode <mode>",
    heading: "pruning",
    default: "weight-rewind",
  }),
  folds,
  rewindTo: setting(stepPoint(), {
    label: "Rewind point",
    help: "point in training that weights return to: 0, 500it or 2ep",
    flag: "--rewind-to <point>",
    heading: "pruning",
    default: "0",
  }),
  pruning,
  network,
  training,
  score,
  /** See training/flip_average.ts. */
  flipAverage: setting(toggle(), {
    label: "Average over the negative",
    help: "evaluation averages over each record and its negative",
    flag: "--flip-average",
    otherwise: "evaluation takes each record as it is (default)",
    heading: "evaluation",
    default: false,
    absent: false,
  }),
  control,
  /** How convolutions multiply. It is always the last field, so that a file that was read back is the same. */
  precision: setting(choice(PRECISIONS), {
    label: "Precision",
    help: "precision of convolutions (default: fp32 on the CPU, tf32 on a GPU)",
    flag: "--precision <name>",
    heading: "device",
    default: "fp32",
    absent: DEPENDS,
  }),
}, "run");
