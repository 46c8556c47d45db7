/**
 * Groups single runs into methods. Runs that differ in their seed are replicates. Runs that differ in their
 * fold are one replicate, whose predictions are pooled.
 *
 * @module
 */
import { isSingleTraining } from "../config/modes.ts";
import { UsageError } from "../core/errors.ts";
import { isContinued } from "./check.ts";
import { foldOf, seedOf } from "./fold.ts";
import { levelsOf, type Network, type RunLevels } from "./levels.ts";
import { distinctNames, methodKey, settingsKey } from "./method.ts";
import { compareText, type Run } from "./run.ts";

/** A network of one replicate: one round of one run, or of one run per fold. */
export interface ReplicateLevel {
  networks: Network[];
  dense: Network[];
}

/** All runs of one method with one seed, or one run per fold if each fold has its own seed. */
export interface Replicate {
  /** The seed; null if there is none or if folds have different ones. */
  seed: number | null;
  /** The seeds in the order of the folds. Replicates of two methods with equal labels are paired. */
  label: string;
  runs: Run[];
  dense: Network[];
  /** Networks by level (see levels.ts), only of levels that every fold has. */
  levels: Map<number, ReplicateLevel>;
}

/** Runs that differ only in seed and fold. */
export interface Method {
  name: string;
  /** Whether it is the dense network trained on, without pruning. */
  continued: boolean;
  /** By ascending seed. */
  replicates: Replicate[];
  /** Levels after the dense network, from large to small. */
  levels: number[];
}

/**
 * The methods among `runs`, by name; then the controls, of which the dense networks that are trained on come first.
 *
 * @throws {UsageError} If two runs of one method share seed, fold and number of weights kept, or for the
 * reasons of {@linkcode levelsOf}.
 */
export function methodsOf(runs: readonly Run[]): Method[] {
  const groups = membersOf(runs);
  const names = distinctNames(groups.map(([example]) => example!));
  return groups.map((members, i) => {
    const replicates = replicateGroups(members).map((own) => replicateOf(own, runs));
    replicates.sort((a, b) => (a.seed ?? 0) - (b.seed ?? 0) || compareText(a.label, b.label));
    const levels = new Set(replicates.flatMap(({ levels }) => [...levels.keys()]));
    return {
      name: names[i]!,
      continued: isContinued(members[0]!),
      replicates,
      levels: [...levels].sort((a, b) => b - a),
    };
  }).sort((a, b) => order(a) - order(b) || compareText(a.name, b.name));
}

/**
 * Runs by method. Single trainings that differ in their epochs are one method if their sizes differ, too: training to
 * few weights may take longer, as further rounds do. Two lengths of training to one size are two methods.
 */
export function membersOf(runs: readonly Run[]): Run[][] {
  const isSingle = ({ summary }: Run) => isSingleTraining(summary.mode);
  const withoutEpochs = (run: Run) =>
    settingsKey(run, (path) => !isSingle(run) || path !== "training.epochs");
  return [...grouped(runs, withoutEpochs).values()].flatMap((members) => {
    const keys = new Set(members.map(methodKey));
    const sizes = new Set(members.map((run) => `${methodKey(run)} ${sizesOf(run)}`));
    const ofOneLength = new Set(members.map(sizesOf)).size === sizes.size;
    return keys.size === 1 || ofOneLength ? [members] : [...grouped(members, methodKey).values()];
  });
}

function sizesOf({ summary }: Run): string {
  return summary.rounds.map(({ kept }) => kept).join();
}

function order({ continued, replicates }: Method): number {
  if (replicates[0]!.runs[0]!.control === null) return 0;
  return continued ? 1 : 2;
}

/**
 * Divides the runs of a method into replicates. If all folds have the same seeds, each seed is a replicate.
 * If folds have different seeds (fold i with seed i) but the same number of them, the first seeds of all
 * folds form one replicate, the second seeds the next.
 */
function replicateGroups(members: readonly Run[]): Run[][] {
  const seedKey = (run: Run) => String(seedOf(run) ?? run.name);
  const bySeed = [...grouped(members, seedKey).values()];
  if (members.every((run) => foldOf(run) === null)) return bySeed;
  const folds = [...grouped(members, (run) => String(foldOf(run))).values()].map((own) =>
    [...grouped(own, seedKey).values()].sort(([a], [b]) => (seedOf(a!) ?? 0) - (seedOf(b!) ?? 0))
  );
  const seedsOf = (fold: Run[][]) => fold.map(([run]) => seedKey(run!)).join();
  const counts = new Set(folds.map((fold) => fold.length));
  if (new Set(folds.map(seedsOf)).size === 1 || counts.size > 1) return bySeed;
  return folds[0]!.map((_, i) => folds.flatMap((fold) => fold[i]!));
}

function replicateOf(members: readonly Run[], runs: readonly Run[]): Replicate {
  const folds = [...grouped(members, (run) => String(foldOf(run))).values()]
    .sort(([a], [b]) => (foldOf(a!) ?? 0) - (foldOf(b!) ?? 0))
    .map((own) => joined(own.map((run) => levelsOf(run, runs))));
  const levels = new Map<number, ReplicateLevel>();
  for (const level of folds[0]!.levels.keys()) {
    const pairs = folds.map(({ levels }) => levels.get(level));
    if (!pairs.every((pair) => pair !== undefined)) continue;
    levels.set(level, {
      networks: pairs.map((pair) => pair.later),
      dense: pairs.map((pair) => pair.dense),
    });
  }
  const seeds = folds.map(({ run }) => seedOf(run));
  const same = new Set(seeds).size === 1;
  return {
    seed: same ? seeds[0]! : null,
    label: (same ? seeds.slice(0, 1) : seeds).join("/"),
    runs: [...members],
    dense: folds.map(({ dense }) => dense),
    levels,
  };
}

/** Merges runs of one method, seed and fold (one-shot runs, branches of different rounds) into one. */
function joined(parts: readonly RunLevels[]): RunLevels {
  const [first, ...others] = parts;
  const levels = new Map(first!.levels);
  for (const other of others) {
    const clash = [...other.levels.keys()].find((level) => levels.has(level));
    if (clash !== undefined || other.levels.size === 0 || levels.size === 0) {
      throw new UsageError(
        `Cannot compare ${first!.run.directory} and ${other.run.directory} as ` +
          "replicates: they have the same settings and the same seed, so they are the same run twice",
      );
    }
    for (const [level, pair] of other.levels) levels.set(level, pair);
  }
  return { ...first!, levels };
}

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
