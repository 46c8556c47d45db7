/**
 * The comparison of finished runs: replicates, draws, differences, verdicts.
 *
 * @module
 */
import { isSingleTraining } from "../config/modes.ts";
import type { AskedPair } from "../config/planned_pairs.ts";
import { UsageError } from "../core/errors.ts";
import { holm } from "../statistics/holm.ts";
import { mean } from "../statistics/interval.ts";
import { fixedSequence, PRIMARY_MARGIN, SECONDARY_MARGIN } from "../statistics/matches.ts";
import { commonKind, differenceTo } from "../statistics/reference.ts";
import { denseSentence, denseVerdict, pairSentence, pairVerdict } from "../statistics/verdict.ts";
import type { DecisionRule } from "../training/decision.ts";
import { isSmallDense, refuseIncomparable } from "./check.ts";
import type {
  Comparison,
  Difference,
  EqualTraining,
  LevelResult,
  LevelScores,
  Matching,
  MethodResult,
  PairResult,
  PairTest,
  RunEntry,
} from "./comparison.ts";
import { type Cost, costOf, epochsToReach } from "./cost.ts";
import { difference, type Found, worded } from "./difference.ts";
import type { Measure } from "./equal_training.ts";
import { foldOf, seedOf } from "./fold.ts";
import { matchLevels } from "./match_levels.ts";
import { hintsOf } from "./hints.ts";
import { haveSameDense } from "./method.ts";
import { notesOf } from "./notes.ts";
import { askedLevel, findPair, withSign } from "./pairs.ts";
import { methodsOf } from "./replicates.ts";
import type { Run, ScoredSplit } from "./run.ts";
import { averaged, type ScoredLevel, type ScoredMethod, scoreMethods } from "./scored.ts";
import { sentencesOf } from "./sentences.ts";

/** How to compare. */
export interface CompareOptions {
  split: ScoredSplit;
  draws: number;
  seed: number;
  /** Largest loss of score that counts as a match, above 0: the primary margin and the second one. */
  margin: number;
  secondMargin: number;
  /** Differences that were named before the results were seen. */
  pairs: readonly AskedPair[];
  /** Number of further such differences whose runs are not there yet; the adjustment counts them. */
  awaitedPairs: number;
  /** The rule by which records were decided again; null for each run's own rule. */
  rescored: DecisionRule | null;
}

/** The default options of a comparison, which a run's own report uses too. */
export const COMPARE_DEFAULTS: Omit<CompareOptions, "split"> = {
  draws: 10_000,
  seed: 1,
  margin: PRIMARY_MARGIN,
  secondMargin: SECONDARY_MARGIN,
  pairs: [],
  awaitedPairs: 0,
  rescored: null,
};

/**
 * Compares runs; their order does not matter.
 *
 * @throws {UsageError} If they cannot be compared: other data, network, records or densities.
 */
export function compareRuns(runs: readonly Run[], options: CompareOptions): Comparison {
  refuseIncomparable(runs);
  const methods = methodsOf(runs);
  const { methods: scored, records, groups } = scoreMethods(methods, { ...options, runs });
  const full = (runs.find((run) => !isSmallDense(run)) ?? runs[0]!).summary.rounds[0]!.prunable;
  const results = scored.map((method) => methodResult(method, { runs, full, ...options }));
  const pairs = pairResults(scored, { results, ...options });
  const tests = testResults(options, { results, pairs });
  const { summary } = runs[0]!;
  const comparison: Comparison = {
    format: "lth-ecg-comparison/1",
    name: methods.map(({ name }) => name).join(" · "),
    split: options.split,
    records,
    groups,
    classes: summary.classes,
    metric: summary.metric.name,
    margin: options.margin,
    secondMargin: options.secondMargin,
    rescored: options.rescored,
    draws: options.draws,
    seed: options.seed,
    sentences: sentencesOf({ ...options, methods: results, pairs, tests }),
    notes: [],
    hints: [],
    methods: results,
    tests,
    pairs,
    runs: methods.flatMap(({ name, replicates }) =>
      replicates.flatMap((replicate) => replicate.runs.map((run) => runEntry(run, name)))
    ),
  };
  comparison.notes = notesOf(comparison, methods);
  comparison.hints = hintsOf(comparison, methods);
  return comparison;
}

interface MethodContext {
  runs: readonly Run[];
  /** Weights of the full network. */
  full: number;
  margin: number;
  secondMargin: number;
}

function methodResult(scored: ScoredMethod, context: MethodContext): MethodResult {
  const { method, levels } = scored;
  const { margin, secondMargin } = context;
  const [dense, ...later] = levels;
  const toDense = later.map(({ scores, dense }) => difference(scores, dense));
  const toEqual = equalTraining(later, "epochs", margin);
  const toEqualWork = equalTraining(later, "denseEpochs", margin);
  const laterLevels = later.map((level, i) => ({
    ...levelResult(level, context),
    toDense: againstDense(toDense[i]!, {
      // A dense network that is trained further is not pruned, so there is no limit to test for.
      tested: method.continued || isTested(toDense, i, margin),
      margin,
    }),
    toEqual: toEqual[i]!,
    toEqualWork: toEqualWork[i]!,
  }));
  // If some networks have a dense one of equal training, networks without one cannot be tested.
  const kind = commonKind(laterLevels);
  const tested = laterLevels.map((level) => differenceTo(level, kind));
  const none: Matching = { byInterval: null, stoppedAt: null, byPoint: null };
  const denseLevel: LevelResult = {
    ...levelResult(dense!, context),
    ...{ toDense: null, toEqual: null, toEqualWork: null },
  };
  return {
    name: method.name,
    seeds: method.replicates.map(({ seed }) => seed),
    folds: method.replicates[0]!.dense.length,
    continued: method.continued,
    levels: [denseLevel, ...laterLevels],
    matching: method.continued ? none : matchingOf(tested, margin),
    secondMatching: method.continued ? none : matchingOf(tested, secondMargin),
  };
}

/** For each level its difference to dense networks of equal training by a measure; null if there are none. */
function equalTraining(
  later: readonly ScoredLevel[],
  measure: Measure,
  margin: number,
): (EqualTraining | null)[] {
  const found = later.map(({ equal: { [measure]: equal } }) =>
    equal && difference(equal.own, equal.dense)
  );
  return later.map((level, i) => {
    const equal = level.equal[measure];
    const own = found[i];
    if (!equal || !own) return null;
    return {
      ...againstDense(own, { tested: isTested(found, i, margin), margin }),
      ...{ epochs: equal.epochs, denseEpochs: equal.denseEpochs },
      replicates: { compared: equal.own.labels.length, of: level.scores.labels.length },
    };
  });
}

/** Whether all networks before position `i` match, of those that are tested from dense to sparse. */
function isTested(tested: readonly (Found | null)[], i: number, margin: number): boolean {
  const { stoppedAt } = fixedSequence(tested, margin);
  return stoppedAt === null || i <= stoppedAt;
}

function againstDense(found: Found, { tested, margin }: { tested: boolean; margin: number }) {
  return worded(found, {
    verdict: (estimate, margin) => denseVerdict(estimate, margin, tested),
    sentence: (estimate, margin) => denseSentence(estimate, margin, tested),
    margin,
  });
}

/** Positions among a method's levels, of which `tested` are all but the dense one. */
function matchingOf(
  tested: readonly (Pick<Found, "difference" | "low" | "high"> | null)[],
  margin: number,
): Matching {
  const { matching, stoppedAt } = fixedSequence(tested, margin);
  const byPoint = tested.findLastIndex((found) => found !== null && found.difference > -margin);
  const levelOf = (position: number) => position + 1;
  return {
    byInterval: matching === null ? null : levelOf(matching),
    stoppedAt: stoppedAt === null ? null : levelOf(stoppedAt),
    byPoint: byPoint < 0 ? null : levelOf(byPoint),
  };
}

function levelResult(
  { kept, networks, denseNetworks, scores: { units, mean } }: ScoredLevel,
  { runs, full }: MethodContext,
): LevelScores {
  const single = networks.flat();
  const denseSingle = denseNetworks.flat();
  const scores = units.map(({ value }) => value);
  return {
    round: single[0]!.round.round,
    kept,
    density: kept / full,
    theta: full / kept,
    // Older summaries may lack it.
    thetaAll: (single[0]!.round.thetaAll as number | undefined) ?? null,
    scores,
    mean,
    min: Math.min(...scores),
    max: Math.max(...scores),
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
    weightEpochs: average("weightEpochs"),
    steps: average("steps"),
    denseEpochs: average("denseEpochs"),
    macs: average("macs"),
    seconds: seconds.length < known.length ? null : mean(seconds),
  };
}

function isSingle({ summary }: Run): boolean {
  return isSingleTraining(summary.mode);
}

interface PairContext {
  results: readonly MethodResult[];
  margin: number;
  pairs: readonly AskedPair[];
}

function pairResults(methods: readonly ScoredMethod[], context: PairContext): PairResult[] {
  const pruned = methods.filter(({ method }) => !method.continued);
  const pairs = pruned.flatMap((a, i) =>
    pruned.slice(i + 1).flatMap((b) => pairResult(a, b, context) ?? [])
  );
  for (const { method, levels } of pruned) {
    const alone = !pairs.some(({ a, b }) => a === method.name || b === method.name);
    const others = pruned.filter((other) =>
      other.method !== method && other.levels.length > 1 &&
      !isSmallDense(other.method.replicates[0]!.runs[0]!)
    );
    // The size of a small dense network may lie between the others.
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

function pairResult(a: ScoredMethod, b: ScoredMethod, context: PairContext): PairResult | null {
  // Dense networks that are trained in the same way are one network in both methods, and a single training has none.
  const [denseA, denseB] = [a, b].map(({ levels }) => levels[0]!.networks[0]![0]!.run);
  const hasNone = [a, b].some(({ method }) => method.replicates[0]!.runs.every(isSingle));
  const first = hasNone || haveSameDense(denseA!, denseB!) ? 1 : 0;
  const kept = ({ levels }: ScoredMethod) => levels.slice(first).map((level) => level.kept);
  const matched = matchLevels(kept(a), kept(b)).map(([i, k]) => ({
    levelA: i + first,
    levelB: k + first,
    a: a.levels[i + first]!.scores,
    b: b.levels[k + first]!.scores,
  }));
  if (matched.length === 0) return null;
  const { results, margin, pairs } = context;
  const wording = { verdict: pairVerdict, sentence: pairSentence, margin };
  const costs = ({ method }: ScoredMethod, i: number) =>
    results.find(({ name }) => name === method.name)!.levels[i]!.cost;
  return {
    a: a.method.name,
    b: b.method.name,
    named: pairs.some((asked) =>
      findPair([{ a: a.method.name, b: b.method.name }], asked) !== null
    ),
    levels: matched.map(({ levelA, levelB, a: scoresA, b: scoresB }) => ({
      levelA,
      levelB,
      equalTraining: isEqualTraining(costs(a, levelA), costs(b, levelB)),
      ...worded(difference(scoresA, scoresB), wording),
    })),
    average: worded(
      difference(averaged(matched.map(({ a }) => a)), averaged(matched.map(({ b }) => b))),
      wording,
    ),
  };
}

/** Whether two costs agree within 0.5 %, since late resetting rounds steps; false if one is unknown. */
function isEqualTraining(a: Cost | null, b: Cost | null): boolean {
  const near = (x: number, y: number) => Math.abs(x - y) <= 0.005 * Math.max(x, y);
  return a !== null && b !== null && near(a.epochs, b.epochs) &&
    near(a.weightEpochs, b.weightEpochs);
}

/** @throws {UsageError} If a requested difference is not among `pairs`. */
function testResults(
  { pairs: asked, awaitedPairs }: Pick<CompareOptions, "pairs" | "awaitedPairs">,
  { results, pairs }: { results: readonly MethodResult[]; pairs: readonly PairResult[] },
): PairTest[] {
  const found = asked.map((one) => {
    const place = findPair(pairs, one);
    if (place === null) {
      throw new UsageError(
        `Cannot test the pair ${one.text}: these runs have ${
          pairs.length === 0
            ? "no two methods with networks of about the same size"
            : `the pairs ${pairs.map(({ a, b }) => JSON.stringify(`${a}:${b}`)).join(", ")}`
        }`,
      );
    }
    const { pair, sign } = place;
    const method = results.find(({ name }) => name === pair.a)!;
    const level = askedLevel(one, pair.levels.map(({ levelA }) => method.levels[levelA]!.density));
    const estimate: Difference<string> = level === null ? pair.average : pair.levels[level]!;
    const density = level === null ? null : method.levels[pair.levels[level]!.levelA]!.density;
    return { one, estimate, density, sign };
  });
  const adjusted = holm(found.map(({ estimate }) => estimate.p), found.length + awaitedPairs);
  return found.map(({ one, estimate, density, sign }, i) => ({
    a: one.a,
    b: one.b,
    density,
    ...withSign(sign, estimate),
    p: estimate.p,
    adjusted: adjusted[i]!,
    differs: adjusted[i]! < 0.05,
  }));
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
