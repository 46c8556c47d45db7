/**
 * The configuration of a run: all settings, their defaults (the presets) and their validation. It is
 * resolved once, saved with the run and compared on resume.
 *
 * @module
 */
import { z } from "zod";
import { defaultPrecision, PRECISIONS } from "../addon/select.ts";
import { UsageError } from "../core/errors.ts";
import { parseStepPoint } from "../core/step.ts";
import { controlKind } from "./controls.ts";
import { MODES, POLICIES } from "./modes.ts";
import { CRITERIA } from "../pruning/criteria.ts";
import { decisionRule, UNNAMED_RULE } from "../training/decision.ts";
import { networkSettings } from "./network_config.ts";
import { trainingSettings } from "./training_config.ts";

const fraction = z.number().min(0).lt(1);
const count = z.number().int().min(1);

const pruningSchedule = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fixed"), fraction }),
  z.strictObject({ kind: z.literal("sahu"), start: fraction, alpha: z.number().gt(1) }),
  z.strictObject({ kind: z.literal("one-shot") }),
]);

/** See data/folds.ts. The seed decides the division and is not the run's: replicates share folds. */
const foldSettings = z.strictObject({
  count: z.number().int().min(2),
  /** 1 to count. */
  fold: count,
  seed: z.number().int().min(0),
}).refine(({ count, fold }) => fold <= count, {
  path: ["fold"],
  error: (issue) => {
    const { count, fold } = issue.input as { count: number; fold: number };
    return `expected 1 to ${count}, not ${fold}`;
  },
});

const controlSettings = z.strictObject({
  kind: controlKind,
  /** Name of the run whose masks are used, or the path of its directory. */
  base: z.string().min(1),
  /** Over the base's masks of the chosen rounds, so that a control cannot change its base. */
  masksSha256: z.string(),
  /** Rounds of the base that have a control, in order; 0, the dense one, for "reorder" alone. */
  rounds: z.array(z.number().int().min(0)).min(1),
});

const configSchema = z.strictObject({
  format: z.literal("lth-ecg-config/1"),
  /** The preset it started from, for the run's name. */
  preset: z.string().min(1),
  /** "sample" for the bundled records, else the directory of a built data set. */
  data: z.string().min(1),
  seed: z.number().int().min(0),
  /** Of data order, sign flips and dropout; null for `seed`, which initialises the weights. */
  orderSeed: z.number().int().min(0).nullable().default(null),
  /** The weights that training begins with; null for ones drawn from `seed`. See start_weights.ts. */
  initFrom: z.strictObject({
    file: z.string().min(1),
    /** Of the whole file, so that a run cannot be continued from another one. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }).nullable().default(null),
  backend: z.enum(["cpu", "cuda"]),
  /** How convolutions multiply; absent in older runs, which had the backend's default. */
  precision: z.enum(PRECISIONS).optional(),
  mode: z.enum(MODES),
  /** Which fold of a cross-validation to test on; null for the data set's own split. */
  folds: foldSettings.nullable().default(null),
  rewindTo: z.string().refine(isStepPoint, "write 0, 500it or 2ep"),
  pruning: z.strictObject({
    /** At most so many pruning rounds; `target` may end them earlier. */
    rounds: z.number().int().min(0),
    target: z.number().gt(1).nullable(),
    schedule: pruningSchedule,
    criterion: z.enum(CRITERIA),
    /** Convolutions that are never pruned, by name ("stem", "head", "block3.conv1"). */
    keepLayers: z.array(z.string()),
  }),
  network: networkSettings,
  training: trainingSettings,
  /** How records are decided; absent in runs from before there was a choice. */
  score: decisionRule.default(UNNAMED_RULE),
  /** Whether evaluation averages over a record and its negative; see training/flip_average.ts. */
  flipAverage: z.boolean().default(false),
  /** What this run is a control of; null for a run of its own. */
  control: controlSettings.nullable().default(null),
}).superRefine(({ mode, training: { schedule } }, context) => {
  if (POLICIES[mode].learningRate !== "final" || !("floor" in schedule) || schedule.floor > 0) {
    return;
  }
  context.addIssue({
    code: "custom",
    path: ["training", "schedule", "floor"],
    message: `expected more than 0 with mode ${mode}, which trains on at the schedule's last rate`,
  });
}).transform(({ precision, ...config }) => ({
  ...config,
  // Last, given or not: a run's files must not show whether its configuration was read back.
  precision: precision ?? defaultPrecision(config.backend),
}));

/** A resolved configuration. */
export type Config = z.infer<typeof configSchema>;
/** One as it may be written: what has a default can be left out. */
export type WrittenConfig = z.input<typeof configSchema>;

function isStepPoint(text: string): boolean {
  try {
    parseStepPoint(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks a configuration read from a file or put together from options.
 *
 * @param value Anything.
 * @param source What to call it in an error.
 * @throws {UsageError} Naming each field that is wrong.
 */
export function parseConfig(value: unknown, source: string): Config {
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const place = issue.path.join(".");
    return place === "" ? issue.message : `${place}: ${issue.message}`;
  });
  throw new UsageError(`Cannot use ${source}: ${problems.join("; ")}`);
}

/** The fields in which two configurations differ, as "path: a, not b". */
export function configDifferences(saved: unknown, asked: unknown, path = ""): string[] {
  if (isNested(saved) && isNested(asked)) {
    const keys = new Set([...Object.keys(saved), ...Object.keys(asked)]);
    return [...keys].flatMap((key) =>
      configDifferences(saved[key], asked[key], path === "" ? key : `${path}.${key}`)
    );
  }
  const [a, b] = [JSON.stringify(saved), JSON.stringify(asked)];
  return a === b ? [] : [`${path}: ${shown(a)}, not ${shown(b)}`];
}

/** Settings under names, or a list of such, as a network's nodes are. */
function isNested(value: unknown): value is Record<string, unknown> {
  return isRecord(value) || (Array.isArray(value) && value.length > 0 && value.every(isRecord));
}

/** A value in a message; a network is too long for one. */
function shown(json: string | undefined): string {
  if (json === undefined) return "absent";
  return json.length > 100 ? `${json.slice(0, 97)}...` : json;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
