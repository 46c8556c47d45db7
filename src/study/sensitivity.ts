/**
 * How far an answer depends on choices: the differences of tickets to dense networks of equal training under other decision
 * rules, without a fold, and without records whose scores were known when settings were chosen.
 *
 * @module
 */
import * as path from "node:path";
import { COMPARE_DEFAULTS, compareRuns } from "../compare/compare.ts";
import type { LevelResult } from "../compare/comparison.ts";
import { foldOf } from "../compare/fold.ts";
import { type Outcome, readPredictions } from "../compare/predictions.ts";
import { isContinued } from "../compare/check.ts";
import { decidedAgain } from "../compare/rescore.ts";
import type { Run } from "../compare/run.ts";
import { readSummary } from "../results/read.ts";
import type { DecisionRule } from "../training/decision.ts";
import type { Group } from "./group.ts";

/** The rules beside the planned one: largest mean softmax over prior^exponent. */
const EXPONENTS = [0, 0.25, 0.75, 1];

/** An answer under one choice. */
export interface Variation {
  /** What is different, in words. */
  name: string;
  /** The pruned levels of the method, from dense to sparse. */
  levels: LevelResult[];
}

/** The pruned networks of `method` against dense networks of equal training, as planned and in other ways. */
export function variationsOf(group: Group, method: string): Variation[] {
  const runs = runsOf(group, method);
  const folds = [...new Set(runs.map(foldOf))].filter((fold) => fold !== null).sort();
  const variation = (name: string, compared: readonly Run[]) => ({
    ...{ name, levels: levelsOf(compared, method) },
  });
  const known = group.seen === null ? [] : [
    variation("without the records that were seen", without(runs, recordsOf(group.seen))),
  ];
  return [
    variation("as planned", runs),
    // Older runs saved labels alone.
    ...(runs.every(savedProbabilities) ? EXPONENTS : []).map((priorExponent) =>
      variation(`prior exponent ${priorExponent}`, decided(runs, priorExponent))
    ),
    ...folds.map((fold) =>
      variation(`without fold ${fold}`, runs.filter((run) => foldOf(run) !== fold))
    ),
    ...known,
  ];
}

/** The runs of a method and of its dense networks that were trained on. */
function runsOf({ runs, comparison }: Group, method: string): Run[] {
  const own = comparison.runs.filter((run) => run.method === method).map(({ name }) => name);
  return runs.filter((run) =>
    own.includes(run.name) || (isContinued(run) && own.includes(path.basename(run.control!.base)))
  );
}

function savedProbabilities({ outcomes }: Run): boolean {
  return [...outcomes.values()].every((own) => [...own.values()].every(({ said }) => said));
}

function decided(runs: readonly Run[], priorExponent: number): Run[] {
  const rule: DecisionRule = { decision: "mean", priorExponent, priorUnit: "records" };
  return runs.map((run) => withOutcomes(run, (own) => decidedAgain(own, { ...run, rule })));
}

function without(runs: readonly Run[], records: ReadonlySet<string>): Run[] {
  return runs.map((run) =>
    withOutcomes(run, (own) => new Map([...own].filter(([record]) => !records.has(record))))
  );
}

/** A run with the outcomes of every round changed. */
function withOutcomes(
  run: Run,
  change: (own: ReadonlyMap<string, Outcome>) => Map<string, Outcome>,
): Run {
  const outcomes = new Map([...run.outcomes].map(([round, own]) => [round, change(own)]));
  return { ...run, outcomes };
}

function recordsOf(directory: string): Set<string> {
  const { classes } = readSummary(directory);
  return new Set(
    ["dev", "test"].flatMap((split) => [
      ...readPredictions(directory, { round: 0, split, classes }).keys(),
    ]),
  );
}

function levelsOf(runs: readonly Run[], method: string): LevelResult[] {
  const { methods } = compareRuns(runs, { ...COMPARE_DEFAULTS, split: "test", draws: 10 });
  return methods.find(({ name }) => name === method)!.levels.slice(1);
}
