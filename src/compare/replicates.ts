/**
 * From single runs to methods: runs that differ in their seed are replicates, runs that differ in their
 * fold are one replicate whose predictions are pooled.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { foldOf } from "./fold.ts";
import { levelsOf, type Network, type RunLevels } from "./levels.ts";
import { distinctNames, methodKey, setting } from "./method.ts";
import { compareText, type Run } from "./run.ts";

/** A network of one replicate: one round of one run, or of one run per fold. */
export interface ReplicateLevel {
  networks: Network[];
  dense: Network[];
}

/** All runs of one method with one seed. */
export interface Replicate {
  seed: number | null;
  runs: Run[];
  dense: Network[];
  /** By weights kept; only those that every fold has. */
  levels: Map<number, ReplicateLevel>;
}

/** Runs that differ in nothing but seed and fold. */
export interface Method {
  name: string;
  /** By ascending seed. */
  replicates: Replicate[];
  /** Weights kept by the dense network and by each pruned one, most first. */
  denseKept: number;
  kept: number[];
}

/**
 * The methods among `runs`, by name.
 *
 * @throws {UsageError} If two runs of one method share seed, fold and number of weights kept, or as
 * {@linkcode levelsOf} says.
 */
export function methodsOf(runs: readonly Run[]): Method[] {
  const groups = [...grouped(runs, methodKey).values()];
  const names = distinctNames(groups.map(([example]) => example!));
  return groups.map((members, i) => {
    const bySeed = grouped(members, (run) => String(seedOf(run) ?? run.name));
    const replicates = [...bySeed.values()].map((own) => replicateOf(own, runs));
    replicates.sort((a, b) => (a.seed ?? 0) - (b.seed ?? 0));
    const kept = new Set(replicates.flatMap(({ levels }) => [...levels.keys()]));
    return {
      name: names[i]!,
      replicates,
      denseKept: replicates[0]!.dense[0]!.round.kept,
      kept: [...kept].sort((a, b) => b - a),
    };
  }).sort((a, b) => compareText(a.name, b.name));
}

/** The seed of a run's configuration. */
export function seedOf({ summary }: Run): number | null {
  const seed = setting(summary.config, "seed");
  return typeof seed === "number" ? seed : null;
}

function replicateOf(members: readonly Run[], runs: readonly Run[]): Replicate {
  const folds = [...grouped(members, (run) => String(foldOf(run))).values()]
    .sort(([a], [b]) => (foldOf(a!) ?? 0) - (foldOf(b!) ?? 0))
    .map((own) => joined(own.map((run) => levelsOf(run, runs))));
  const levels = new Map<number, ReplicateLevel>();
  for (const kept of folds[0]!.pruned.keys()) {
    const pairs = folds.map(({ pruned }) => pruned.get(kept));
    if (!pairs.every((pair) => pair !== undefined)) continue;
    levels.set(kept, {
      networks: pairs.map((pair) => pair.pruned),
      dense: pairs.map((pair) => pair.dense),
    });
  }
  return {
    seed: seedOf(members[0]!),
    runs: [...members],
    dense: folds.map(({ dense }) => dense),
    levels,
  };
}

/** Runs of one method, seed and fold (one-shot runs, branches of different rounds) as if one run. */
function joined(parts: readonly RunLevels[]): RunLevels {
  const [first, ...others] = parts;
  const pruned = new Map(first!.pruned);
  for (const other of others) {
    const clash = [...other.pruned.keys()].find((kept) => pruned.has(kept));
    if (clash !== undefined || other.pruned.size === 0 || pruned.size === 0) {
      throw new UsageError(
        `Cannot compare ${first!.run.directory} and ${other.run.directory} as ` +
          "replicates: they have the same settings and the same seed, so they are the same run twice",
      );
    }
    for (const [kept, pair] of other.pruned) pruned.set(kept, pair);
  }
  return { ...first!, pruned };
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
