/**
 * A group of runs below `docs/study`: what finished runs left that is small, how they are compared, and
 * which published claims they are held against.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { COMPARE_DEFAULTS, compareRuns } from "../compare/compare.ts";
import type { Comparison } from "../compare/comparison.ts";
import { foldOf } from "../compare/fold.ts";
import { fullName, levelNear } from "../compare/pairs.ts";
import { type AskedPair, parsePairs } from "../config/planned_pairs.ts";
import { type Method, methodsOf } from "../compare/replicates.ts";
import { readRuns, type Run } from "../compare/run.ts";
import { Failure, messageOf } from "../core/errors.ts";
import { issueSentence } from "../core/issue.ts";
import { ROOT } from "../core/paths.ts";
import { hasSummary } from "../results/read.ts";
import { nameOfReplicates } from "../run/resolve.ts";
import { type Cell, expandPlan } from "../sweep/cells.ts";
import { readPlan } from "../sweep/plan.ts";
import type { DecisionRule } from "../training/decision.ts";

/** The folder of the study's groups. */
export const STUDY: string = path.join(ROOT, "docs/study");

/** Name of the file that makes a folder a group. */
export const GROUP_FILE = "study.json";

const claimSchema = z.strictObject({
  /** The published claim, in one sentence. */
  claim: z.string(),
  source: z.string(),
  /** The method it is about, and the one it is compared with: a method, or "dense". */
  a: z.string(),
  b: z.string(),
  /** Per cent of the weights that are left. */
  percent: z.number().positive().max(100),
  /** "better": a scores above b. A number: a scores at most that much below b. */
  expects: z.union([z.literal("better"), z.number().positive()]),
});

const groupSchema = z.strictObject({
  /** Decide records again by this rule; absent for each run's own. */
  decision: z.literal("mean").optional(),
  priorExponent: z.number().min(0).optional(),
  /** The plan of the runs, from the repository's root: it names all of them and the planned pairs. */
  plan: z.string().optional(),
  /** Runs of other groups that are compared with those of this one, as in "main/study-lr-rewind". */
  with: z.array(z.string()).default([]),
  /**
   * By the name that runs share, the rounds that are kept and compared beside the dense round 0, where that is not all:
   * many are alike.
   */
  rounds: z.record(z.string(), z.array(z.int().min(1))).default({}),
  /** Shorter names for methods that are called by their settings. */
  names: z.record(z.string(), z.string()).default({}),
  /** Whether its runs are trials of settings, which a table of their own shows: they need not be comparable. */
  trials: z.boolean().default(false),
  /** A run below `docs/study` with another split: the scores of its dev and test records were seen before. */
  seen: z.string().optional(),
  claims: z.array(claimSchema).default([]),
});

/**
 * The rounds after 0 of a run that a group keeps and compares; null for all.
 *
 * @throws {Failure} If its settings are damaged.
 */
export function chosenRounds(folder: string, run: string): readonly number[] | null {
  return fs.existsSync(path.join(folder, GROUP_FILE))
    ? readSettings(folder).rounds[nameOfReplicates(run)] ?? null
    : null;
}

/** A published claim and how it is tested. */
export type Claim = z.infer<typeof claimSchema>;

/** A group, read, and compared when the comparison is asked for. */
export interface Group extends Compared {
  name: string;
  /** All runs that are in, also those that wait for other folds of their method. */
  collected: Run[];
  claims: Claim[];
  /** Whether the runs are trials of settings, which are not compared. */
  trials: boolean;
  /** The plan's name, with which those of its runs begin; null without one. */
  plan: string | null;
  /** All runs of the plan; [] without one. */
  planned: readonly Pick<Cell, "name" | "args">[];
  /** The rule by which all records were decided again; null for each run's own. */
  rescored: DecisionRule | null;
  /** The folder of a run whose dev and test records were looked at before; null without one. */
  seen: string | null;
}

/** The comparison of a group. */
interface Compared {
  /** The runs that are compared. */
  readonly runs: Run[];
  readonly comparison: Comparison;
  /** Planned pairs whose methods are not among the runs yet. */
  readonly missingPairs: AskedPair[];
}

/** The folders of all groups in `study`, in the order of their names. */
export function groupFolders(study: string = STUDY): string[] {
  return fs.readdirSync(study).sort()
    .filter((name) => fs.existsSync(path.join(study, name, GROUP_FILE)))
    .map((name) => path.join(study, name));
}

/**
 * Reads the runs of a group, to be compared on the test split. Methods that lack folds wait until they
 * have as many as the others, and a round until every fold has it. Planned pairs are tested if both methods are there.
 *
 * @param study The folder in which it finds other groups.
 * @returns null if the group has no finished run yet.
 * @throws {Failure} If its settings are damaged, or for the reasons of {@linkcode readRuns}.
 */
export function readGroup(folder: string, study: string = path.dirname(folder)): Group | null {
  const settings = readSettings(folder);
  const { decision, priorExponent, plan: file, claims, trials, names, with: others } = settings;
  const plan = file === undefined ? null : readPlan(path.join(ROOT, file));
  const planned = plan === null ? [] : expandPlan(plan);
  const isEmpty = fs.readdirSync(folder).every((name) => !hasSummary(path.join(folder, name)));
  if (isEmpty) return null;
  const rescored = decision === undefined
    ? null
    : { decision, priorExponent: priorExponent ?? 0, priorUnit: "records" as const };
  // Unfinished runs are here only because they were asked for, see collect.ts.
  const { runs: collected } = readRuns([
    folder,
    ...others.flatMap((name) => runsOfOther(name, study)),
  ], {
    ...{ split: "test", allowIncomplete: true, showTest: true, rescored },
  });
  const pairs = (plan?.pairs ?? []).flatMap(parsePairs);
  let found: Compared | undefined;
  const compared = () => found ??= comparedRuns(collected, { pairs, rescored, names });
  return {
    ...{ name: path.basename(folder), collected, claims, trials, planned, rescored },
    plan: plan?.name ?? null,
    seen: settings.seen === undefined ? null : path.join(study, settings.seen),
    get runs() {
      return compared().runs;
    },
    get comparison() {
      return compared().comparison;
    },
    get missingPairs() {
      return compared().missingPairs;
    },
  };
}

/** Compares the runs of the methods that have all folds. */
function comparedRuns(
  collected: readonly Run[],
  { pairs: planned, rescored, names }: Pick<Group, "rescored"> & {
    pairs: readonly AskedPair[];
    names: Readonly<Record<string, string>>;
  },
): Compared {
  const runs = withAllFolds(collected);
  const methods = methodsOf(runs);
  const isHere = ({ a, b, percent }: AskedPair) =>
    [a, b].every((name) => hasNetwork(methods, name, percent));
  const missingPairs = planned.filter((pair) => !isHere(pair));
  const comparison = compareRuns(runs, {
    ...{ ...COMPARE_DEFAULTS, split: "test", rescored },
    ...{ pairs: planned.filter(isHere), awaitedPairs: missingPairs.length },
  });
  return { runs, missingPairs, comparison: renamed(comparison, names) };
}

/** Whether a method is there, and keeps about `percent` of its weights in one of its networks if that is asked for. */
function hasNetwork(methods: readonly Method[], name: string, percent: number | null): boolean {
  const called = fullName(name, methods.map(({ name }) => name));
  const method = methods.find(({ name }) => name === called);
  if (method === undefined || percent === null) return method !== undefined;
  const all = method.replicates[0]!.dense[0]!.round.prunable;
  return levelNear(percent, [1, ...method.levels.map((kept) => kept / all)]) !== null;
}

/** A comparison whose methods have other names. */
function renamed(comparison: Comparison, names: Readonly<Record<string, string>>): Comparison {
  const of = (name: string) => names[name] ?? name;
  const both = <Pair extends { a: string; b: string }>(pair: Pair): Pair => ({
    ...pair,
    ...{ a: of(pair.a), b: of(pair.b) },
  });
  return {
    ...comparison,
    methods: comparison.methods.map((method) => ({ ...method, name: of(method.name) })),
    runs: comparison.runs.map((run) => ({ ...run, method: of(run.method) })),
    pairs: comparison.pairs.map(both),
    tests: comparison.tests.map(both),
  };
}

/** The folders of the runs that `with` names. */
function runsOfOther(name: string, study: string): string[] {
  const group = path.join(study, path.dirname(name));
  const runs = fs.existsSync(group)
    ? fs.readdirSync(group).sort().filter((run) => nameOfReplicates(run) === path.basename(name))
    : [];
  if (runs.length === 0) {
    throw new Failure(`Cannot compare with ${name}: there is no such run in ${group}`);
  }
  return runs.map((run) => path.join(group, run));
}

/** The runs of methods with the most folds: fewer folds are other test records, which no difference can pair. */
function withAllFolds(runs: readonly Run[]): Run[] {
  const methods = methodsOf(runs).map(({ replicates }) => replicates.flatMap(({ runs }) => runs));
  const folds = (own: readonly Run[]) => new Set(own.map(foldOf)).size;
  const most = Math.max(...methods.map(folds));
  const compared = methods.filter((own) => folds(own) === most).flat();
  return runs.filter((run) => compared.includes(run));
}

function readSettings(folder: string): z.infer<typeof groupSchema> {
  const file = path.join(folder, GROUP_FILE);
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Failure(`Cannot use ${file}: ${messageOf(error)}`);
  }
  const { success, data, error } = groupSchema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new Failure(
    `Cannot use ${file}: ${issue!.path.join(".")}: ${issueSentence(issue!, value)}`,
  );
}
