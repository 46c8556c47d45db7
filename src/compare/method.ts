/**
 * Which runs are replicates of one method, and what the method is called.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as path from "node:path";
import { isRecord, leavesOf } from "../core/records.ts";
import { OF_PRUNED_ROUNDS } from "../config/dense_round.ts";
import { LEAVES } from "../config/paths.ts";
import { DEPENDS } from "../config/setting.ts";
import { isSingleTraining, type Mode, POLICIES } from "../config/modes.ts";
import { nameOfReplicates } from "../run/resolve.ts";
import type { TeacherRun } from "../run/teachers.ts";
import { UNNAMED_RULE } from "../training/decision.ts";
import type { Run } from "./run.ts";

type Settings = Record<string, unknown>;

/** The parts of a run that distinguish methods. */
export interface Described {
  summary: Pick<Run["summary"], "config" | "mode">;
  control: Run["control"];
}

/**
 * Settings in which replicates may differ: the seed, the fold, and settings that do not decide the training
 * (the data set is compared by its content, a preset by the values it sets).
 */
const FREE = ["seed", "orderSeed", "folds.fold", "data", "preset", "format"];

/** What a setting means that a run from before it does not have, as JSON by path. */
const OF_OLDER_RUNS: readonly [path: string, value: string][] = LEAVES.flatMap(
  ({ path, setting: { entry: { absent } } }) =>
    absent === undefined || absent === DEPENDS ? [] : [[path, JSON.stringify(absent)]],
);

function groupOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}

const TEACHERS = "training.teacher.runs";

/** A teacher as replicates share it: its round, and its run's name without the seed and the fold. */
function sharedTeacher({ run, round }: TeacherRun): string {
  return `${nameOfReplicates(path.basename(run))}@${round}`;
}

function teachersOf(config: Settings): readonly TeacherRun[] {
  const runs = setting(config, TEACHERS);
  return Array.isArray(runs) ? runs : [];
}

/** Settings without effect in a run that prunes nothing. */
const OF_PRUNING = /^(mode|rewindTo|pruning\..*)$/;

/** The settings that define a method: all except {@linkcode FREE}, and the kind of control. */
export function methodSettings({ summary, control }: Described): Map<string, string> {
  // Older runs had the rule that is now called UNNAMED_RULE.
  const settings = new Map(leavesOf({ score: UNNAMED_RULE, ...summary.config }));
  for (const [name, value] of OF_OLDER_RUNS) {
    const isThere = settings.has(name) || !isRecord(setting(summary.config, groupOf(name)));
    if (!isThere) settings.set(name, value);
  }
  FREE.forEach((name) => settings.delete(name));
  // Every seed and fold has teachers of its own.
  const teachers = teachersOf(summary.config);
  if (teachers.length > 0) settings.set(TEACHERS, JSON.stringify(teachers.map(sharedTeacher)));
  // Only the kind of a control counts: its base and masks go with the seed, its rounds are its levels.
  for (const name of settings.keys()) if (/^control\b/.test(name)) settings.delete(name);
  settings.set("control.kind", JSON.stringify(control?.kind ?? null));
  // If nothing returns to the rewind point, that setting has no effect.
  if (!control && !rewinds(summary.mode)) settings.delete("rewindTo");
  // Runs that prune once, to different compressions, are levels of one method.
  const oneShot = setting(summary.config, "pruning.schedule.kind") === "one-shot";
  if (oneShot || isSingleTraining(summary.mode)) settings.delete("pruning.target");
  if (isDenseAlone({ summary })) {
    for (const name of settings.keys()) if (OF_PRUNING.test(name)) settings.delete(name);
  }
  return settings;
}

/** A key that is equal for runs with the same settings, of those that `counts` takes by their path. */
export function settingsKey(run: Described, counts: (path: string) => boolean): string {
  return JSON.stringify(
    [...methodSettings(run)].filter(([path]) => counts(path)).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A key that is equal for runs of one method. */
export function methodKey(run: Described): string {
  return settingsKey(run, () => true);
}

/** Paths of settings that only pruned rounds follow. */
export const PATHS_OF_PRUNED_ROUNDS: readonly string[] = OF_PRUNED_ROUNDS.map((name) =>
  `training.${name}`
);

/** Whether two runs train their dense networks in the same way. How a GPU chooses kernels is no way of training. */
export function haveSameDense(a: Described, b: Described): boolean {
  const ofDense = (path: string) =>
    /^(network|training)\./.test(path) && path !== "training.kernels" &&
    !PATHS_OF_PRUNED_ROUNDS.includes(path);
  return settingsKey(a, ofDense) === settingsKey(b, ofDense);
}

/**
 * A run's method is called by its mode, with rewind point, one-shot and criterion if they are not the
 * default, and with its number of teachers if it has any; "dense" if it prunes nothing. A control is called by its
 * kind, with the name of the method that its masks come from unless that is plain weight rewinding.
 */
export function methodName(run: Described): string {
  const { control } = run;
  const name = isDenseAlone(run) ? "dense" : nameOfPruning(run);
  if (!control) return name;
  return name === "weight-rewind" ? control.kind : `${control.kind} of ${name}`;
}

/** Whether a run trains the dense network once and prunes nothing. */
export function isDenseAlone({ summary: { config, mode } }: Pick<Described, "summary">): boolean {
  return !isSingleTraining(mode) && setting(config, "pruning.rounds") === 0;
}

function nameOfPruning({ summary: { config, mode } }: Described): string {
  const rewindTo = setting(config, "rewindTo");
  const criterion = setting(config, "pruning.criterion");
  return [
    mode,
    typeof rewindTo === "string" && rewindTo !== "0" && rewinds(mode) ? ` to ${rewindTo}` : "",
    setting(config, "pruning.schedule.kind") === "one-shot" ? ", one-shot" : "",
    typeof criterion === "string" && criterion !== "magnitude" ? `, ${criterion}` : "",
    teacherWords(teachersOf(config).length),
  ].join("");
}

function teacherWords(count: number): string {
  if (count === 0) return "";
  return count === 1 ? " with a teacher" : ` with ${count} teachers`;
}

/** A setting that methods show by their rounds, so it names one only if nothing else does. */
const SHOWN_BY_ROUNDS = "pruning.rounds";

/**
 * Names for methods given by one run of each. Methods that would share a name get the settings in which
 * they differ from each other appended.
 */
export function distinctNames(examples: readonly Run[]): string[] {
  const names = examples.map(methodName);
  const all = examples.map(methodSettings);
  return all.map((own, i) => {
    const twins = all.filter((_, k) => names[k] === names[i]);
    if (twins.length === 1) return names[i]!;
    const differing = [...new Set(twins.flatMap((twin) => [...twin.keys()]))].sort()
      .filter((key) => twins.some((twin) => twin.get(key) !== own.get(key)));
    const short = differing.filter((key) => key !== SHOWN_BY_ROUNDS);
    const told = distinguishes(short, twins) ? short : differing;
    const present = told.filter((key) => own.has(key));
    const text = (present.length > 0 ? present : told)
      .map((key) => `${key} ${shortText(own.get(key) ?? "absent")}`).join(", ");
    return `${names[i]} (${text})`;
  });
}

/** Whether no two methods have equal values of these settings. */
function distinguishes(keys: readonly string[], methods: readonly Map<string, string>[]): boolean {
  const values = methods.map((method) =>
    JSON.stringify(keys.map((key) => method.get(key) ?? null))
  );
  return new Set(values).size === methods.length;
}

/** Longer values, such as the nodes of a network, are told by their hash. */
const LONGEST_SHOWN = 60;

/** A setting's JSON as a message can hold it. */
function shortText(json: string): string {
  if (json.length <= LONGEST_SHOWN) return json;
  return `sha256 ${createHash("sha256").update(json).digest("hex").slice(0, 8)}`;
}

/** The setting at a dotted path; undefined if there is none. */
export function setting(config: Settings, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, key) => isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined,
    config,
  );
}

/** Whether a mode's weights return to the rewind point. */
export function rewinds(mode: Mode): boolean {
  return POLICIES[mode].weights === "rewind";
}
