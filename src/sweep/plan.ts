/**
 * A sweep's plan: a JSON file that lists the runs of one experiment.
 *
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { issueSentence } from "../core/issue.ts";
import { readJsonInput } from "../core/files.ts";
import { runDirectory } from "../core/paths.ts";
import { CONTROLS } from "../config/controls.ts";
import { flagAt } from "../config/paths.ts";
import { MODES } from "../config/modes.ts";
import { PAIR_FORM, readPair, repeatedPair } from "../config/planned_pairs.ts";
import { PRESET_NAMES } from "../config/choices.ts";

/** Options of `deno task lth` that follow from the rest of the plan, or have no meaning in it. */
const NOT_IN_SET = [
  ...["mode", "preset", "config", "name", "resume", "seed", "replicates", "set"],
  ...["folds", "fold", "threads", "isa", "help", "fork", "plan"],
  ...["dense-from", "try-dense-from"],
];

function isDecidedElsewhere(name: string): boolean {
  const flag = isPath(name) ? flagAt(name) : `--${name}`;
  return flag !== null && NOT_IN_SET.includes(flag.slice(2));
}

const optionName = z.string()
  .regex(
    /^([a-z][a-z0-9-]*|[A-Za-z0-9]+(\.[A-Za-z0-9]+)+)$/,
    "write an option of deno task lth without its dashes, or a path of --set",
  )
  .refine((name) => !isDecidedElsewhere(name), "the plan or the sweep decides it elsewhere");

/**
 * Settings by name. true sets a flag; a list is passed with commas. `{seed}`, `{fold}` and `{folds}` in a text
 * stand for a run's seed, its fold and the number of folds: every fold can have teachers of its own.
 */
const settings = z.record(
  optionName,
  z.union([z.number(), z.string(), z.boolean(), z.array(z.string())], {
    error: "write a number, a text, true or false, or a list of texts",
  }),
);

/** A label, which becomes a part of a run's name. */
const label = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "use letters, digits, . _ and -");

/** A mode alone, or with a label of its own and settings that only it has. */
const variant = z.preprocess(
  (value) => typeof value === "string" ? { mode: value } : value,
  z.strictObject({ mode: z.enum(MODES), label: label.optional(), set: settings.optional() }),
).transform(({ mode, label, set }) => ({ mode, label: label ?? mode, set: set ?? {} }));

const rounds = z.union([z.literal("all"), z.array(z.number().int().min(1)).min(1)], {
  error: 'write "all" or a list of rounds from 1',
});

function allDifferent(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

const planSchema = z.strictObject({
  /** First part of every run's name; with a slash, of every run's path. */
  name: z.string().refine(isRunName, "use letters, digits, . _ and -, or a path"),
  description: z.string().optional(),
  preset: z.enum(PRESET_NAMES).optional(),
  /** Settings of every run, by option name. */
  set: settings.default({}),
  /** The modes to compare, each with its own settings if it needs any. */
  modes: z.array(variant).min(1)
    .refine(
      (modes) => allDifferent(modes.map(({ label }) => label)),
      "two have the same label: give one its own",
    ),
  /** Seeds; may be left out if every fold has its own seed. */
  seeds: z.array(z.number().int().min(0)).min(1).refine(allDifferent, "a seed is there twice")
    .optional(),
  /** Every run is done once per fold of a cross-validation; with `"seeds": "fold"`, fold i has seed i. */
  folds: z.strictObject({
    count: z.number().int().min(2),
    seeds: z.literal("fold").optional(),
  }).nullable().default(null),
  /** Controls of the finished runs; `of` limits them to the modes with these labels. */
  controls: z.array(
    z.strictObject({ kind: z.enum(CONTROLS), rounds, of: z.array(z.string()).optional() }),
  )
    .default([])
    .refine(
      (controls) => allDifferent(controls.map(({ kind }) => kind)),
      "a kind is there twice: name all its modes in one `of`",
    ),
  /** Planned differences, by names of methods as in `deno task compare --pairs`. */
  pairs: z.array(z.string().refine((text) => readPair(text) !== null, `write ${PAIR_FORM}`))
    .refine(
      (texts) => repeatedPair(texts.flatMap((text) => readPair(text) ?? [])) === null,
      "a pair is there twice",
    )
    .default([]),
});

/** Whether a name is the path of a setting, for --set, and not an option. */
export function isPath(name: string): boolean {
  return name.includes(".");
}

/** Settings by option name. */
export type Settings = z.infer<typeof settings>;
/** A checked plan. */
export type Plan = z.infer<typeof planSchema>;

function isRunName(name: string): boolean {
  try {
    runDirectory(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks a plan.
 *
 * @param source Name of the plan in errors.
 * @throws {UsageError} If fields are wrong; the message names each.
 */
export function parsePlan(value: unknown, source: string): Plan {
  const result = planSchema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => {
      const message = issue.code === "invalid_key"
        ? issue.issues[0]!.message
        : issueSentence(issue, value);
      return issue.path.length === 0 ? message : `${issue.path.join(".")}: ${message}`;
    });
    throw new UsageError(`Cannot use the plan ${source}: ${problems.join("; ")}`);
  }
  const plan = result.data;
  const ownSeeds = plan.folds?.seeds === "fold";
  if (ownSeeds === (plan.seeds !== undefined)) {
    throw new UsageError(
      `Cannot use the plan ${source}: ${
        ownSeeds
          ? "seeds: every fold has its own, so leave them out"
          : 'seeds: name at least one, or let every fold have its own with "folds": {"seeds": "fold"}'
      }`,
    );
  }
  if (plan.folds === null) {
    const all = [plan.set, ...plan.modes.map(({ set }) => set)];
    const place = /\{folds?\}/.exec(JSON.stringify(all))?.[0];
    if (place !== undefined) {
      throw new UsageError(
        `Cannot use the plan ${source}: set: ${place} stands for a fold, and the plan has no folds`,
      );
    }
  }
  const labels = plan.modes.map(({ label }) => label);
  for (const { kind, of } of plan.controls) {
    const stranger = of?.find((label) => !labels.includes(label));
    if (stranger !== undefined) {
      throw new UsageError(
        `Cannot use the plan ${source}: control ${kind} is of ${stranger}, which is not one of its ` +
          `modes (${labels.join(", ")})`,
      );
    }
  }
  return plan;
}

/** Reads a plan. @throws {UsageError} If the file is absent, not JSON or not a plan. */
export function readPlan(file: string): Plan {
  return parsePlan(readJsonInput(file, "the plan"), file);
}
