/**
 * The scores of methods, as they are and on every draw of records.
 *
 * @module
 */
import { bootstrap, observed } from "./bootstrap.ts";
import { mean, meanOf } from "./interval.ts";
import type { Network } from "./levels.ts";
import { recordsOf } from "./records.ts";
import type { Method } from "./replicates.ts";
import { type ScoredSplit, statisticOf } from "./run.ts";

/** Networks that are averaged: one per replicate. */
export interface Scores {
  seeds: (number | null)[];
  /** Per replicate, in the order of `seeds`. */
  scores: number[];
  mean: number;
  /** Mean over the replicates on each draw. */
  draws: Float64Array;
}

/** The networks of one method that keep equally many weights. */
export interface ScoredLevel {
  kept: number;
  /** Per replicate the networks (one per fold), and the dense ones they come from. */
  networks: Network[][];
  denseNetworks: Network[][];
  scores: Scores;
  /** Of the same replicates; equal to `scores` for the dense networks themselves. */
  dense: Scores;
}

/** A method with its dense level first, then the pruned ones. */
export interface ScoredMethod {
  method: Method;
  levels: ScoredLevel[];
}

/** How to score. */
export interface ScoreOptions {
  split: ScoredSplit;
  draws: number;
  seed: number;
}

/** @throws {UsageError} If not all networks were scored on the same records. */
export function scoreMethods(
  methods: readonly Method[],
  { split, draws, seed }: ScoreOptions,
): { methods: ScoredMethod[]; records: number } {
  const reference = methods[0]!.replicates[0]!.dense;
  const records = recordsOf(reference, split);
  const { summary } = reference[0]!.run;
  const options = {
    cells: summary.classes.length ** 2,
    statistic: statisticOf(summary),
    draws,
    seed,
  };

  const plans = methods.map((method) => ({ method, levels: plan(method) }));
  // Networks with equal outcomes share their draws: methods with the same dense network have one.
  const distinct = new Map<string, Uint16Array>();
  const keys = new Map<readonly Network[], string>();
  for (const { networks, dense } of plans.flatMap(({ levels }) => levels)) {
    for (const pooled of [...networks, ...dense]) {
      if (keys.has(pooled)) continue;
      const cells = records.cells(pooled);
      const key = cells.join();
      keys.set(pooled, key);
      distinct.set(key, cells);
    }
  }
  const order = [...distinct.keys()];
  const drawn = new Map(
    bootstrap([...distinct.values()], options).map((draws, i) => [order[i]!, draws]),
  );
  const scoresOf = (pools: readonly Network[][], seeds: (number | null)[]): Scores => {
    const scores = pools.map((pool) => observed(distinct.get(keys.get(pool)!)!, options));
    const draws = meanOf(pools.map((pool) => drawn.get(keys.get(pool)!)!));
    return { seeds, scores, mean: mean(scores), draws };
  };
  return {
    records: records.count,
    methods: plans.map(({ method, levels }) => ({
      method,
      levels: levels.map(({ kept, networks, dense, seeds }) => ({
        kept,
        networks,
        denseNetworks: dense,
        scores: scoresOf(networks, seeds),
        dense: scoresOf(dense, seeds),
      })),
    })),
  };
}

interface LevelPlan {
  kept: number;
  networks: Network[][];
  dense: Network[][];
  seeds: (number | null)[];
}

function plan({ replicates, denseKept, kept }: Method): LevelPlan[] {
  const dense: LevelPlan = {
    kept: denseKept,
    networks: replicates.map((replicate) => replicate.dense),
    dense: replicates.map((replicate) => replicate.dense),
    seeds: replicates.map(({ seed }) => seed),
  };
  const pruned = kept.map((count): LevelPlan => {
    const having = replicates.filter(({ levels }) => levels.has(count));
    const levels = having.map((replicate) => replicate.levels.get(count)!);
    return {
      kept: count,
      networks: levels.map(({ networks }) => networks),
      dense: levels.map((level) => level.dense),
      seeds: having.map(({ seed }) => seed),
    };
  });
  return [dense, ...pruned];
}
