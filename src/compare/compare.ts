/**
 * The comparison of finished runs: replicates, draws, differences, verdicts.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { isSmallDense, refuseIncomparable } from "./check.ts";
import type {
  Comparison,
  LevelResult,
  Matching,
  MethodResult,
  PairResult,
  RunEntry,
} from "./comparison.ts";
import { type Cost, costOf, epochsToReach } from "./cost.ts";
import { described, difference } from "./difference.ts";
import { foldOf } from "./fold.ts";
import { mean, meanOf, minus } from "./interval.ts";
import { matchLevels } from "./match_levels.ts";
import { notesOf } from "./notes.ts";
import { methodsOf, seedOf } from "./replicates.ts";
import type { Run, ScoredSplit } from "./run.ts";
import { type ScoredLevel, type ScoredMethod, scoreMethods } from "./scored.ts";
import { sentencesOf } from "./sentences.ts";
import { denseSentence, denseVerdict, pairSentence, pairVerdict } from "./verdict.ts";

/** How to compare. */
export interface CompareOptions {
  split: ScoredSplit;
  draws: number;
  seed: number;
  /** Loss of score that still counts as a match, above 0. */
  margin: number;
}

/**
 * Compares runs; their order does not matter.
 *
 * @throws {UsageError} If they cannot be compared: other data, network, records or densities.
 */
export function compareRuns(runs: readonly Run[], options: CompareOptions): Comparison {
  refuseIncomparable(runs);
  const methods = methodsOf(runs);
  const { methods: scored, records } = scoreMethods(methods, options);
  const full = (runs.find((run) => !isSmallDense(run)) ?? runs[0]!).summary.rounds[0]!.prunable;
  const results = scored.map((method) => methodResult(method, { runs, full, ...options }));
  const pairs = pairResults(scored, options.margin);
  const { summary } = runs[0]!;
  const comparison: Comparison = {
    format: "lth-ecg-comparison/1",
    name: methods.map(({ name }) => name).join(" · "),
    split: options.split,
    records,
    classes: summary.classes,
    metric: summary.metric.name,
    margin: options.margin,
    draws: options.draws,
    seed: options.seed,
    sentences: sentencesOf(results, pairs, options),
    notes: [],
    methods: results,
    pairs,
    runs: methods.flatMap(({ name, replicates }) =>
      replicates.flatMap((replicate) => replicate.runs.map((run) => runEntry(run, name)))
    ),
  };
  comparison.notes = notesOf(comparison, methods);
  return comparison;
}

interface MethodContext {
  runs: readonly Run[];
  /** Weights of the full network. */
  full: number;
  margin: number;
}

function methodResult({ method, levels }: ScoredMethod, context: MethodContext): MethodResult {
  const results = levels.map((level, i) => levelResult(level, { dense: i === 0, ...context }));
  return {
    name: method.name,
    seeds: method.replicates.map(({ seed }) => seed),
    levels: results,
    matching: matchingOf(results, context.margin),
  };
}

function levelResult(
  { kept, networks, denseNetworks, scores, dense: denseScores }: ScoredLevel,
  { runs, full, margin, dense }: MethodContext & { dense: boolean },
): LevelResult {
  const wording = { verdict: denseVerdict, sentence: denseSentence, margin };
  const single = networks.flat();
  const denseSingle = denseNetworks.flat();
  return {
    round: single[0]!.round.round,
    kept,
    density: kept / full,
    theta: full / kept,
    scores: scores.scores,
    mean: scores.mean,
    min: Math.min(...scores.scores),
    max: Math.max(...scores.scores),
    toDense: dense ? null : difference(scores, denseScores, wording),
    cost: meanCost(single.map((network) => costOf(network, runs))),
    epochsToDense: single.map((network, i) =>
      epochsToReach(network, denseSingle[i]!.round.dev.score)
    ),
  };
}

function meanCost(costs: readonly (Cost | null)[]): Cost | null {
  const known = costs.filter((cost) => cost !== null);
  if (known.length < costs.length) return null;
  const average = (key: Exclude<keyof Cost, "seconds">) => mean(known.map((cost) => cost[key]));
  const seconds = known.map((cost) => cost.seconds).filter((value) => value !== null);
  return {
    epochs: average("epochs"),
    steps: average("steps"),
    denseEpochs: average("denseEpochs"),
    macs: average("macs"),
    seconds: seconds.length < known.length ? null : mean(seconds),
  };
}

function matchingOf(levels: readonly LevelResult[], margin: number): Matching {
  const last = (qualifies: (level: LevelResult) => boolean) => {
    const i = levels.findLastIndex((level) => level.toDense !== null && qualifies(level));
    return i < 0 ? null : i;
  };
  const matches = ({ toDense }: LevelResult) => toDense!.low > -margin;
  const byInterval = last(matches);
  return {
    byInterval,
    byPoint: last(({ toDense }) => toDense!.difference > -margin),
    gaps: levels.flatMap((level, i) =>
      level.toDense && i < (byInterval ?? 0) && !matches(level) ? [i] : []
    ),
  };
}

function pairResults(methods: readonly ScoredMethod[], margin: number): PairResult[] {
  const pairs = methods.flatMap((a, i) =>
    methods.slice(i + 1).flatMap((b) => pairResult(a, b, margin) ?? [])
  );
  for (const { method, levels } of methods) {
    const alone = !pairs.some(({ a, b }) => a === method.name || b === method.name);
    const others = methods.filter((other) =>
      other.method !== method && other.levels.length > 1 &&
      !isSmallDense(other.method.replicates[0]!.runs[0]!)
    );
    // The size of a small dense network comes in steps of whole filters: it may lie between the others.
    const small = isSmallDense(method.replicates[0]!.runs[0]!);
    if (alone && !small && levels.length > 1 && others.length > 0) {
      throw new UsageError(
        `Cannot compare ${method.name} with ${others.map((o) => o.method.name).join(", ")}: no ` +
          "pruned network of it keeps about as many weights (within 10 %) as one of theirs; prune " +
          "with the same schedule, or compare it alone",
      );
    }
  }
  return pairs;
}

function pairResult(a: ScoredMethod, b: ScoredMethod, margin: number): PairResult | null {
  const kept = ({ levels }: ScoredMethod) => levels.slice(1).map((level) => level.kept);
  const matched = matchLevels(kept(a), kept(b)).map(([i, k]) => ({
    levelA: i + 1,
    levelB: k + 1,
    a: a.levels[i + 1]!.scores,
    b: b.levels[k + 1]!.scores,
  }));
  if (matched.length === 0) return null;
  const wording = { verdict: pairVerdict, sentence: pairSentence, margin };
  const levels = matched.map(({ levelA, levelB, a, b }) => ({
    levelA,
    levelB,
    ...difference(a, b, wording),
  }));
  const seeds = levels.map(({ perSeed }) => perSeed);
  const complete = new Set(matched.map(({ a }) => JSON.stringify(a.seeds))).size === 1;
  const average = described({
    difference: mean(levels.map((level) => level.difference)),
    draws: meanOf(matched.map(({ a, b }) => minus(a.draws, b.draws))),
    perSeed: complete ? seeds[0]!.map((_, s) => mean(seeds.map((values) => values[s]!))) : [],
  }, wording);
  return { a: a.method.name, b: b.method.name, levels, average };
}

function runEntry(run: Run, method: string): RunEntry {
  const { summary, name } = run;
  return {
    name,
    method,
    seed: seedOf(run),
    fold: foldOf(run),
    complete: summary.complete,
    rounds: summary.rounds.length,
    dataset: summary.dataset.sha256,
  };
}
