/**
 * Finds runs that belong to a run, in the directory that contains it: its replicates, and dense networks that it
 * is compared with.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { runDirectory, runFiles } from "../core/paths.ts";
import { controlPolicy, trainsOn } from "../config/controls.ts";
import { hasDenseRound } from "../config/dense_round.ts";
import { POLICIES } from "../config/modes.ts";
import type { Summary } from "../results/summary.ts";
import { hasSummary, readSummary } from "../results/read.ts";
import {
  type Described,
  isDenseAlone,
  methodKey,
  PATHS_OF_PRUNED_ROUNDS,
  setting,
  settingsKey,
} from "./method.ts";
import { compareText } from "./run.ts";

/**
 * Summaries of the runs beside `directory` that differ from it only in their seed, ordered by name. Runs that
 * cannot be read are left out.
 */
export function replicatesOf(directory: string, summary: Summary): Summary[] {
  const parent = path.dirname(path.resolve(directory));
  const own = path.basename(path.resolve(directory));
  return fs.readdirSync(parent).sort(compareText)
    .filter((name) => name !== own && hasSameSettings(path.join(parent, name), summary))
    .flatMap((name) => {
      try {
        const other = readSummary(path.join(parent, name));
        return hasSameData(other, summary) ? [other] : [];
      } catch {
        return [];
      }
    });
}

function hasSameData(one: Summary, other: Summary): boolean {
  return one.dataset.sha256 === other.dataset.sha256 &&
    JSON.stringify(one.classes) === JSON.stringify(other.classes);
}

/**
 * The directory of a complete run beside the single training `directory` whose dense network has the same
 * settings, seed and fold. A run whose dense network was trained on comes first. Runs that cannot be read are
 * left out.
 */
export function denseBeside(directory: string, summary: Summary): string | null {
  const parent = path.dirname(path.resolve(directory));
  const own = path.basename(path.resolve(directory));
  const found = fs.readdirSync(parent).sort(compareText)
    .map((name) => path.join(parent, name))
    .filter((other) => path.basename(other) !== own && trainsSameDense(other, summary))
    .filter((other) => {
      try {
        const theirs = readSummary(other);
        return theirs.complete && theirs.rounds[0]?.round === 0 && hasSameData(theirs, summary);
      } catch {
        return false;
      }
    });
  return found.find((other) => continuedBeside(other) !== null) ?? found[0] ?? null;
}

/** Settings that do not decide a dense network, or (epochs) mean something else in a single training. */
const NOT_OF_DENSE = /^(mode|rewindTo|pruning\..*|training\.(epochs|kernels|earlyStopping.*))$/;

function trainsSameDense(directory: string, { config, mode, control = null }: Summary): boolean {
  const ofDense = (path: string) =>
    !NOT_OF_DENSE.test(path) && !PATHS_OF_PRUNED_ROUNDS.includes(path);
  const other = readSettings(directory);
  // A run that prunes nothing is a reference of equal training, or of none.
  const hasOtherLength = other !== null && isDenseAlone(other) &&
    setting(other.summary.config, "training.epochs") !== setting(config, "training.epochs");
  return other !== null && !hasOtherLength &&
    hasDenseRound({ control: other.control, mode: other.summary.mode }) &&
    settingsKey(other, ofDense) === settingsKey({ summary: { config, mode }, control }, ofDense) &&
    setting(other.summary.config, "seed") === setting(config, "seed") &&
    setting(other.summary.config, "folds.fold") === setting(config, "folds.fold");
}

/**
 * The directory of a complete control beside `directory` that trained its dense network on. Of several, the
 * one with the most rounds is taken. Runs that cannot be read are left out.
 */
export function continuedBeside(directory: string): string | null {
  const parent = path.dirname(path.resolve(directory));
  const own = path.basename(path.resolve(directory));
  const found = fs.readdirSync(parent).sort(compareText).flatMap((name) => {
    const other = path.join(parent, name);
    if (name === own || !isContinuedOf(other, path.resolve(directory))) return [];
    try {
      const { complete, rounds } = readSummary(other);
      return complete ? [{ other, rounds: rounds.length }] : [];
    } catch {
      return [];
    }
  });
  return found.sort((a, b) => b.rounds - a.rounds)[0]?.other ?? null;
}

function isContinuedOf(other: string, directory: string): boolean {
  if (!fs.existsSync(runFiles.config(other)) || !hasSummary(other)) {
    return false;
  }
  try {
    const { control } = JSON.parse(fs.readFileSync(runFiles.config(other), "utf8"));
    if (!control || !trainsOn(controlPolicy(control.kind))) return false;
    return control.base === path.basename(directory) ||
      path.resolve(control.base) === directory || runDirectory(control.base) === directory;
  } catch {
    return false;
  }
}

/** Compares the configuration first: it is small, while a summary may be large. */
function hasSameSettings(directory: string, { config, mode, control = null }: Summary): boolean {
  const other = readSettings(directory);
  return other !== null && methodKey(other) === methodKey({ summary: { config, mode }, control }) &&
    setting(other.summary.config, "seed") !== setting(config, "seed") &&
    setting(other.summary.config, "folds.fold") === setting(config, "folds.fold");
}

/** The configuration of a run with results; null if there is none that can be read. */
function readSettings(directory: string): Described | null {
  if (!fs.existsSync(runFiles.config(directory)) || !hasSummary(directory)) return null;
  try {
    const config = JSON.parse(fs.readFileSync(runFiles.config(directory), "utf8"));
    const { mode, control = null } = config;
    return mode in POLICIES ? { summary: { config, mode }, control } : null;
  } catch {
    return null;
  }
}
