/**
 * A comparison as tables, which are both shown and saved.
 *
 * @module
 */
import type { Kind } from "../report/format.ts";
import type { Table } from "../report/tables.ts";
import { REFERENCE_NAMES, referenceOf } from "../statistics/reference.ts";
import type { Comparison, Difference, LevelResult, MethodResult, PairTest } from "./comparison.ts";
import { decisive, referenceEpochs } from "./reference.ts";
import { replicatesText, shownP } from "./sentences.ts";

type Cell = string | number | null;

/** A column's heading, kind, and its value in a row. */
type Column<Row> = [label: string, kind: Kind, value: (row: Row) => Cell];

interface LevelRow {
  method: MethodResult;
  level: LevelResult;
}

/** One line per method: its largest compression that matches dense, and the cost of finding it. */
export function methodTable({ methods }: Comparison): Table {
  const at = (method: MethodResult) => {
    const { matching: { byInterval }, levels } = method;
    return byInterval === null ? null : levels[byInterval]!;
  };
  const bare = ({ matching: { byPoint }, levels }: MethodResult) =>
    byPoint === null ? null : levels[byPoint]!;
  const last = ({ levels }: MethodResult) => levels.length > 1 ? levels.at(-1)! : null;
  const found = (method: MethodResult) => {
    const level = last(method);
    return level && decisive(level);
  };
  return tableOf<MethodResult>([
    ["Method", "text", ({ name }) => name],
    ["Replicates", "text", replicatesText],
    ["Dense score", "score", ({ levels }) => levels[0]!.mean],
    [
      "Largest matching θ",
      "factor",
      (method) => method.continued ? "not pruned" : at(method)?.theta ?? null,
    ],
    ["Matching θ of all parameters", "factor", (method) => at(method)?.thetaAll ?? null],
    [
      "Matching θ by the second margin",
      "factor",
      ({ secondMatching: { byInterval }, levels }) =>
        byInterval === null ? null : levels[byInterval]!.theta,
    ],
    ["Score at matching θ", "score", (method) => at(method)?.mean ?? null],
    ["Training in dense epochs", "integer", (m) => rounded(at(m)?.cost?.denseEpochs)],
    ["Multiply-adds of training", "macs", (method) => at(method)?.cost?.macs ?? null],
    ["Time of training", "seconds", (method) => at(method)?.cost?.seconds ?? null],
    ["Matching θ without interval", "factor", (method) => bare(method)?.theta ?? null],
    ["Sparsest θ", "factor", (method) => last(method)?.theta ?? null],
    ["Difference at sparsest θ", "signed", (method) => found(method)?.difference ?? null],
    ["95 % from", "signed", (method) => found(method)?.low ?? null],
    ["to", "signed", (method) => found(method)?.high ?? null],
    ["Sparsest learnt in epochs", "integer", (method) => {
      const sparsest = last(method);
      return sparsest && meanEpochs(sparsest);
    }],
  ], methods);
}

/** Epochs to the dev score of dense, mean over the runs that reach it; null if none does. */
export function meanEpochs({ epochsToDense }: LevelResult): number | null {
  const reached = epochsToDense.filter((x) => x !== null);
  return rounded(reached.reduce((sum, x) => sum + x, 0) / reached.length);
}

/** Scores of every method at every density. */
export function scoreTable({ methods }: Comparison): Table {
  // The lowest and the highest of one score would repeat the mean.
  const several = ({ scores }: LevelResult) => scores.length > 1;
  return tableOf<LevelRow>([
    ...levelColumns,
    ["Epochs in all", "integer", ({ level }) => rounded(level.cost?.epochs)],
    ["Mean score", "score", ({ level }) => level.mean],
    ["Lowest", "score", ({ level }) => several(level) ? level.min : null],
    ["Highest", "score", ({ level }) => several(level) ? level.max : null],
    ["Replicates", "integer", ({ level }) => level.scores.length],
  ], levelRows(methods));
}

/** Differences of every method to dense at every density: to the networks that decide, and to the original ones. */
export function denseTable({ methods }: Comparison): Table {
  return tableOf<LevelRow>([
    ["Method", "text", ({ method }) => method.name],
    ["Round", "integer", ({ level }) => level.round],
    ["Density", "percent", ({ level }) => level.density],
    ["Compression θ", "factor", ({ level }) => level.theta],
    // Before the verdict, which depends on them: a ticket is easily better than a dense network of fewer epochs.
    ["Epochs in all", "integer", ({ level }) => rounded(level.cost?.epochs)],
    ["Compared with", "text", ({ level }) => {
      const reference = referenceOf(level);
      return reference && REFERENCE_NAMES[reference.kind];
    }],
    [
      "Epochs of the dense network",
      "integer",
      ({ method, level }) => rounded(referenceEpochs(method, level)),
    ],
    ...differenceColumns(({ level }: LevelRow) => decisive(level)),
    ["To the original dense", "signed", ({ level }) => level.toDense?.difference ?? null],
    ["its 95 % from", "signed", ({ level }) => level.toDense?.low ?? null],
    ["its 95 % to", "signed", ({ level }) => level.toDense?.high ?? null],
  ], levelRows(methods));
}

/** Dense networks of equal training, as the column "against" calls them. */
const EQUAL_TRAINING = [
  { key: "toEqual", against: REFERENCE_NAMES.equal },
  { key: "toEqualWork", against: "dense of equal work" },
] as const;

/** Training cost of each network, all rounds before it included. */
export function costTable({ methods }: Comparison): Table {
  const reached = ({ level }: LevelRow) => level.epochsToDense.filter((x) => x !== null);
  return tableOf<LevelRow>([
    ...levelColumns,
    ["Epochs in all", "integer", ({ level }) => rounded(level.cost?.epochs)],
    ["Epochs of its weights", "integer", ({ level }) => rounded(level.cost?.weightEpochs)],
    ["Updates", "integer", ({ level }) => rounded(level.cost?.steps)],
    ["In epochs of dense", "integer", ({ level }) => rounded(level.cost?.denseEpochs)],
    ["Multiply-adds", "macs", ({ level }) => level.cost?.macs ?? null],
    ["Time", "seconds", ({ level }) => level.cost?.seconds ?? null],
    ["Runs that reach the dense dev score", "integer", (row) => reached(row).length],
    ["of", "integer", ({ level }) => level.epochsToDense.length],
    ["after epochs (mean of those)", "integer", ({ level }) => meanEpochs(level)],
  ], levelRows(methods));
}

/** Differences between methods at densities where they keep about as many weights. */
export function pairTable({ methods, pairs }: Comparison): Table {
  type Row = {
    a: string;
    b: string;
    at: LevelResult[];
    named: boolean;
    equalTraining: boolean | null;
    found: Difference<string>;
  };
  const find = (name: string, i: number) => methods.find((m) => m.name === name)!.levels[i]!;
  const rows = pairs.flatMap(({ a, b, named, levels, average }): Row[] => [
    ...levels.map((level) => ({
      a,
      b,
      named,
      at: [find(a, level.levelA), find(b, level.levelB)],
      equalTraining: level.equalTraining,
      found: level,
    })),
    ...(levels.length > 1 ? [{ a, b, named, at: [], equalTraining: null, found: average }] : []),
  ]);
  return tableOf<Row>([
    ["Method", "text", ({ a }) => a],
    ["Against", "text", ({ b }) => b],
    ["Density", "percent", ({ at }) => at[0]?.density ?? "mean of these"],
    ["Density of the other", "percent", ({ at }) => at[1]?.density ?? null],
    ...differenceColumns(({ found }: Row) => found),
    ["Epochs in all", "integer", ({ at }) => rounded(at[0]?.cost?.epochs)],
    ["of the other", "integer", ({ at }) => rounded(at[1]?.cost?.epochs)],
    ["Epochs of its weights", "integer", ({ at }) => rounded(at[0]?.cost?.weightEpochs)],
    ["of the other’s", "integer", ({ at }) => rounded(at[1]?.cost?.weightEpochs)],
    [
      "Training",
      "text",
      ({ equalTraining }) => equalTraining === null ? null : equalTraining ? "equal" : "unequal",
    ],
    ["Planned", "text", ({ named }) => named ? "yes" : "exploratory"],
  ], rows);
}

/** Planned differences, with their p values adjusted together. */
export function testTable({ tests }: Comparison): Table {
  return tableOf<PairTest>([
    ["Method", "text", ({ a }) => a],
    ["Against", "text", ({ b }) => b],
    ["Density", "percent", ({ density }) => density ?? "mean of all"],
    ["Difference", "signed", ({ difference }) => difference],
    ["95 % from", "signed", ({ low }) => low],
    ["to", "signed", ({ high }) => high],
    ["p", "text", ({ p }) => shownP(p)],
    ["p adjusted (Holm)", "text", ({ adjusted }) => shownP(adjusted)],
    ["They differ", "text", ({ differs }) => differs ? "yes" : "not shown"],
  ], tests);
}

/** The runs and their place in the comparison. */
export function runTable({ runs }: Comparison): Table {
  return tableOf<Comparison["runs"][number]>([
    ["Run", "text", ({ name }) => name],
    ["Method", "text", ({ method }) => method],
    ["Seed", "integer", ({ seed }) => seed],
    ["Fold", "integer", ({ fold }) => fold],
    ["Rounds", "integer", ({ rounds }) => rounds],
    ["State", "text", ({ complete }) => complete ? "complete" : "not complete"],
    ["Data set sha256", "text", ({ dataset }) => dataset.slice(0, 12)],
  ], runs);
}

/** `comparison.csv`: every difference to dense and between methods in one table. */
export function allTable({ methods, pairs }: Comparison): Table {
  type Row = {
    method: string;
    against: string;
    level: LevelResult | null;
    other: { kept: number; mean: number } | null;
    found: Difference<string> | null;
    planned?: boolean;
  };
  const find = (name: string, i: number) => methods.find((m) => m.name === name)!.levels[i]!;
  const rows: Row[] = [
    ...levelRows(methods).map(({ method, level }) => ({
      method: method.name,
      against: REFERENCE_NAMES.once,
      level,
      other: method.levels[0]!,
      found: level.toDense,
    })),
    ...EQUAL_TRAINING.flatMap(({ key, against }) =>
      levelRows(methods).flatMap(({ method, level }) => {
        const found = level[key];
        return found ? [{ method: method.name, against, level, other: null, found }] : [];
      })
    ),
    ...pairs.flatMap(({ a, b, named, levels, average }) => [
      ...levels.map((level) => ({
        method: a,
        against: b,
        level: find(a, level.levelA),
        other: find(b, level.levelB),
        found: level,
        planned: named,
      })),
      { method: a, against: b, level: null, other: null, found: average, planned: named },
    ]),
  ];
  return tableOf<Row>([
    ["method", "text", ({ method }) => method],
    ["against", "text", ({ against }) => against],
    ["round", "integer", ({ level }) => level ? level.round : "mean"],
    ["kept", "integer", ({ level }) => level?.kept ?? null],
    ["density", "percent", ({ level }) => level?.density ?? null],
    ["theta", "factor", ({ level }) => level?.theta ?? null],
    ["theta of all parameters", "factor", ({ level }) => level?.thetaAll ?? null],
    ["replicates", "integer", ({ level }) => level?.scores.length ?? null],
    ["mean", "score", ({ level }) => level?.mean ?? null],
    ["min", "score", ({ level }) => level?.min ?? null],
    ["max", "score", ({ level }) => level?.max ?? null],
    ["kept by the other", "integer", ({ other }) => other?.kept ?? null],
    ["mean of the other", "score", ({ other }) => other?.mean ?? null],
    ["difference", "signed", ({ found }) => found?.difference ?? null],
    ["low", "signed", ({ found }) => found?.low ?? null],
    ["high", "signed", ({ found }) => found?.high ?? null],
    ["source", "text", ({ found }) => found?.source ?? null],
    ["standard error", "loss", ({ found }) => found?.standardError ?? null],
    ["degrees of freedom", "loss", ({ found }) => found?.degreesOfFreedom ?? null],
    ["p", "loss", ({ found }) => found?.p ?? null],
    ["corrected low", "signed", ({ found }) => found?.corrected?.low ?? null],
    ["corrected high", "signed", ({ found }) => found?.corrected?.high ?? null],
    ["low over records", "signed", ({ found }) => found?.records?.low ?? null],
    ["high over records", "signed", ({ found }) => found?.records?.high ?? null],
    ["deviation over seeds or folds", "score", ({ found }) => found?.seedDeviation ?? null],
    ["verdict", "text", ({ found }) => found?.verdict ?? null],
    [
      "planned",
      "text",
      ({ planned }) => planned === undefined ? null : planned ? "yes" : "exploratory",
    ],
    ["epochs", "integer", ({ level }) => level?.cost?.epochs ?? null],
    ["epochs of the weights", "integer", ({ level }) => level?.cost?.weightEpochs ?? null],
    ["updates", "integer", ({ level }) => level?.cost?.steps ?? null],
    ["dense epochs", "integer", ({ level }) => level?.cost?.denseEpochs ?? null],
    ["multiply-adds", "macs", ({ level }) => level?.cost?.macs ?? null],
    ["seconds", "seconds", ({ level }) => level?.cost?.seconds ?? null],
  ], rows);
}

const levelColumns: Column<LevelRow>[] = [
  ["Method", "text", ({ method }) => method.name],
  ["Round", "integer", ({ level }) => level.round],
  ["Weights kept", "integer", ({ level }) => level.kept],
  ["Density", "percent", ({ level }) => level.density],
  ["Compression θ", "factor", ({ level }) => level.theta],
  ["θ of all parameters", "factor", ({ level }) => level.thetaAll],
];

function differenceColumns<Row>(
  found: (row: Row) => Difference<string> | null,
): Column<Row>[] {
  return [
    ["Verdict", "text", (row) => found(row)?.verdict ?? "–"],
    ["Difference", "signed", (row) => found(row)?.difference ?? null],
    ["95 % from", "signed", (row) => found(row)?.low ?? null],
    ["to", "signed", (row) => found(row)?.high ?? null],
    ["Deviation over seeds or folds", "score", (row) => found(row)?.seedDeviation ?? null],
  ];
}

function levelRows(methods: readonly MethodResult[]): LevelRow[] {
  return methods.flatMap((method) => method.levels.map((level) => ({ method, level })));
}

function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Table {
  return {
    columns: columns.map(([label, kind]) => ({ label, kind })),
    rows: rows.map((row) => columns.map(([, , value]) => value(row))),
  };
}

/** Rounded to one decimal; null if there is no number. */
function rounded(x: number | null | undefined): number | null {
  return x === null || x === undefined || !Number.isFinite(x) ? null : Math.round(10 * x) / 10;
}
