/**
 * The scores of methods: observed, and on every draw of records.
 *
 * @module
 */
import { bootstrap, type BootstrapOptions, observed } from "../statistics/bootstrap.ts";
import type { Unit } from "../statistics/crossed.ts";
import { mean, meanOf } from "../statistics/interval.ts";
import { byMeasure, denseOfEqualTraining, type Measure, type Sides } from "./equal_training.ts";
import type { Network } from "./levels.ts";
import { type Records, recordsOf } from "./records.ts";
import type { Method, Replicate } from "./replicates.ts";
import { cellOf, type Run, type ScoredSplit, statisticOf } from "./run.ts";

/** Networks that are averaged: one per replicate. */
export interface Scores {
  /** Labels of the replicates. */
  labels: string[];
  /** For each replicate, its score and its score on each draw. */
  units: Unit[];
  mean: number;
  /** For a single replicate that is pooled from folds, the score of each fold; else null. */
  folds: { scores: number[]; testPerTrain: number } | null;
}

/** Networks of a method, and dense ones of the same replicates that took as much training; means over replicates. */
export interface EqualScores extends Record<Measure, Sides> {
  own: Scores;
  dense: Scores;
}

/** The networks of one method that keep the same number of weights. */
export interface ScoredLevel {
  kept: number;
  /** For each replicate, its networks (one per fold), and the dense ones they come from. */
  networks: Network[][];
  denseNetworks: Network[][];
  scores: Scores;
  /** Dense scores of the same replicates; equal to `scores` for the dense networks themselves. */
  dense: Scores;
  /** By each measure, scores of the replicates that have dense networks of equal training; null if none has. */
  equal: Record<Measure, EqualScores | null>;
}

/** A method with its dense level first, then the later ones. */
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
  { runs, split, draws, seed }: ScoreOptions & { runs: readonly Run[] },
): { methods: ScoredMethod[]; records: number; groups: number | null } {
  const reference = methods[0]!.replicates[0]!.dense;
  const records = recordsOf(reference, split);
  const { summary } = reference[0]!.run;
  const options = {
    cells: summary.classes.length ** 2,
    statistic: statisticOf(summary),
    draws,
    seed,
    groups: records.groups,
  };

  const plans = methods.map((method) => ({ method, levels: planOf(method, runs) }));
  const pools = plans.flatMap(({ levels }) => levels.flatMap(poolsOf));
  const context = { split, options, unitOf: unitsOf(pools, { records, options }) };
  return {
    records: records.count,
    groups: records.groups && new Set(records.groups).size,
    methods: plans.map(({ method, levels }) => ({
      method,
      levels: levels.map((plan) => ({
        kept: plan.networks[0]![0]!.round.kept,
        networks: plan.networks,
        denseNetworks: plan.dense,
        scores: scoresOf(plan.networks, plan.labels, context),
        dense: scoresOf(plan.dense, plan.labels, context),
        equal: byMeasure((measure) => equalScores(plan, measure, context)),
      })),
    })),
  };
}

/** The networks of one replicate, one per fold, whose predictions are pooled. */
type Pool = readonly Network[];

function poolsOf({ networks, dense, equal }: LevelPlan): Pool[] {
  const equals = equal.flatMap((own) => Object.values(own));
  return [...networks, ...dense, ...equals.flatMap((found) => found ? [found.dense] : [])];
}

/**
 * Draws records for all pools at once. Pools with equal outcomes share their draws, e.g. methods with the same
 * dense network.
 *
 * @returns A pool's score and its score on each draw.
 */
function unitsOf(
  pools: readonly Pool[],
  { records, options }: { records: Records; options: BootstrapOptions },
): (pool: Pool) => Unit {
  const distinct = new Map<string, Uint16Array>();
  const keys = new Map<Pool, string>();
  for (const pool of pools) {
    if (keys.has(pool)) continue;
    const cells = records.cells(pool);
    const key = cells.join();
    keys.set(pool, key);
    distinct.set(key, cells);
  }
  const order = [...distinct.keys()];
  const drawn = new Map(
    bootstrap([...distinct.values()], options).map((draws, i) => [order[i]!, draws]),
  );
  return (pool) => {
    const key = keys.get(pool)!;
    return { value: observed(distinct.get(key)!, options), draws: drawn.get(key)! };
  };
}

interface ScoreContext {
  split: ScoredSplit;
  options: BootstrapOptions;
  unitOf: (pool: Pool) => Unit;
}

function scoresOf(
  pools: readonly Pool[],
  labels: readonly string[],
  { split, options, unitOf }: ScoreContext,
): Scores {
  const units = pools.map(unitOf);
  const folds = pools.length === 1 && pools[0]!.length > 1
    ? {
      scores: pools[0]!.map((network) => foldScore(network, options)),
      testPerTrain: testPerTrain(pools[0]!, split),
    }
    : null;
  return { labels: [...labels], units, mean: mean(units.map(({ value }) => value)), folds };
}

/** Scores of the replicates of a level that have dense networks of equal training; null if none has. */
function equalScores(
  { networks, labels, equal }: LevelPlan,
  measure: Measure,
  context: ScoreContext,
): EqualScores | null {
  const having = [...equal.keys()].filter((i) => equal[i]![measure] !== null);
  if (having.length === 0) return null;
  const own = having.map((i) => labels[i]!);
  const found = having.map((i) => equal[i]![measure]!);
  return {
    own: scoresOf(having.map((i) => networks[i]!), own, context),
    dense: scoresOf(found.map(({ dense }) => dense), own, context),
    ...meanSides(found),
  };
}

/** Scores averaged over several levels, for the replicates that all levels have; one unit if none. */
export function averaged(levels: readonly Scores[]): Scores {
  const [first, ...others] = levels;
  const common = first!.labels.filter((label) =>
    others.every(({ labels }) => labels.includes(label))
  );
  const unitOf = (units: readonly Unit[]): Unit => ({
    value: mean(units.map(({ value }) => value)),
    draws: meanOf(units.map(({ draws }) => draws)),
  });
  const units = common.length > 0
    ? common.map((label) =>
      unitOf(levels.map(({ labels, units }) => units[labels.indexOf(label)]!))
    )
    : [unitOf(levels.map(({ units }) => unitOf(units)))];
  const folds = levels.map(({ folds }) => folds);
  return {
    labels: common,
    units,
    mean: mean(units.map(({ value }) => value)),
    folds: common.length > 0 && folds.every((own) => own !== null)
      ? {
        scores: folds[0]!.scores.map((_, k) => mean(folds.map((own) => own.scores[k]!))),
        testPerTrain: folds[0]!.testPerTrain,
      }
      : null,
  };
}

/** The dense networks of one replicate, one per fold. */
interface EqualPool extends Record<Measure, Sides> {
  dense: Network[];
}

interface LevelPlan {
  networks: Network[][];
  dense: Network[][];
  /** For each replicate and by each measure; null if a fold has no dense network of equal training. */
  equal: Record<Measure, EqualPool | null>[];
  labels: string[];
}

function planOf({ replicates, levels, continued }: Method, runs: readonly Run[]): LevelPlan[] {
  const dense: LevelPlan = {
    networks: replicates.map((replicate) => replicate.dense),
    dense: replicates.map((replicate) => replicate.dense),
    equal: replicates.map(() => byMeasure(() => null)),
    labels: replicates.map(labelOf),
  };
  const later = levels.map((level): LevelPlan => {
    const having = replicates.filter(({ levels }) => levels.has(level));
    const found = having.map((replicate) => replicate.levels.get(level)!);
    return {
      networks: found.map(({ networks }) => networks),
      dense: found.map((level) => level.dense),
      equal: found.map(({ networks }) =>
        continued ? byMeasure(() => null) : equalPools(networks, runs)
      ),
      labels: having.map(labelOf),
    };
  });
  return [dense, ...later];
}

function labelOf({ label }: Replicate): string {
  return label;
}

/** The dense networks of equal training by each measure; null if a fold has none. */
function equalPools(
  networks: readonly Network[],
  runs: readonly Run[],
): Record<Measure, EqualPool | null> {
  const folds = networks.map((network) => denseOfEqualTraining(network, runs));
  return byMeasure((measure) => {
    const found = folds.map((own) => own[measure]);
    if (!found.every((one) => one !== null)) return null;
    return { dense: found.map(({ dense }) => dense), ...meanSides(found) };
  });
}

function meanSides(each: readonly Record<Measure, Sides>[]): Record<Measure, Sides> {
  return byMeasure((measure) => ({
    own: mean(each.map(({ [measure]: { own } }) => own)),
    dense: mean(each.map(({ [measure]: { dense } }) => dense)),
  }));
}

function foldScore(
  { run, round }: Network,
  options: Parameters<typeof observed>[1],
): number {
  const classes = run.summary.classes.length;
  const outcomes = [...run.outcomes.get(round.round)!.values()];
  return observed(Uint16Array.from(outcomes, (outcome) => cellOf(outcome, classes)), options);
}

/** Records scored over records trained on, mean over the folds. */
function testPerTrain(folds: readonly Network[], split: ScoredSplit): number {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return mean(
    folds.map(({ run: { summary: { dataset: { counts } } } }) =>
      sum(counts[split]) / sum(counts.train)
    ),
  );
}
