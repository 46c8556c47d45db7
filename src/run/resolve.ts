/**
 * Makes one configuration from another one and the given options. It reads the files and runs that options
 * name.
 *
 * @module
 */
import type { Config, TrainingSettings } from "../config/config.ts";
import { changedConfig, givenSettings } from "../config/overrides.ts";
import { leafAt } from "../config/paths.ts";
import { presetConfig } from "../config/presets.ts";
import type { Reference } from "../config/setting.ts";
import type { Overrides } from "../config/types.ts";
import { namedNetwork } from "./network_file.ts";
import { startFile } from "./start_weights.ts";
import { type TeacherRun, teacherRuns } from "./teachers.ts";

export const DEFAULT_PRESET = "quick";
export const DEFAULT_SEED = presetConfig(DEFAULT_PRESET, "cpu").seed;

/**
 * A copy of a configuration with the given options.
 *
 * @throws {UsageError} If the result is not valid, or a named file or run cannot be used.
 */
export function applyOverrides(base: Config, overrides: Overrides): Config {
  const references = givenSettings(overrides).flatMap(({ path, value }) => {
    const { refers } = leafAt(path)!.setting.entry;
    return refers === undefined || typeof value !== "string" ? [] : [{ path, value, refers }];
  });
  const resolved = references.map(({ path, value, refers }) => [
    path,
    RESOLVERS[refers](value, base),
  ]);
  return changedConfig(base, overrides, Object.fromEntries(resolved));
}

/** Reads the value of a reference. If `base` already has the same contents, its value is kept. */
const RESOLVERS: Readonly<Record<Reference, (text: string, base: Config) => unknown>> = {
  weights: startSettings,
  network: namedNetwork,
  teachers: (text, base) => runsOf(base.training.teacher, text),
};

/** The same contents under another path count as the same start. */
function startSettings(file: string, { initFrom }: Config): Config["initFrom"] {
  const asked = startFile(file);
  return asked.sha256 === initFrom?.sha256 ? initFrom : asked;
}

/** The same networks under other names count as the same teachers. */
function runsOf(base: TrainingSettings["teacher"], text: string): TeacherRun[] {
  const asked = teacherRuns(text);
  const sums = (runs: readonly TeacherRun[]) => runs.map(({ sha256 }) => sha256).join();
  return base !== null && sums(base.runs) === sums(asked) ? base.runs : asked;
}

/** The part of a run's name that a fold adds, such as "-fold1of5". */
export function foldSuffix(folds: { count: number; fold: number } | null): string {
  return folds === null ? "" : `-fold${folds.fold}of${folds.count}`;
}

/** The name that runs share which differ in seed and fold alone, as a sweep names them. */
export function nameOfReplicates(name: string): string {
  return name.replace(/-seed\d+(-fold\d+of\d+)?/, "");
}

/** The name of a run without `--name`: the settings in which it differs from the preset. */
export function defaultRunName(config: Config): string {
  const seed = config.seed === DEFAULT_SEED ? "" : `-seed${config.seed}`;
  const order = config.orderSeed === null ? "" : `-order${config.orderSeed}`;
  const control = config.control === null ? "" : `-${config.control.kind}`;
  const init = config.initFrom === null ? "" : "-init";
  const network = config.network.graph === undefined ? "" : `-${config.network.graph.name}`;
  const fold = foldSuffix(config.folds);
  return `${config.preset}${network}-${config.mode}${seed}${order}${init}${fold}${control}`;
}
