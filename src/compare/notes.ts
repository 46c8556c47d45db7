/**
 * Notes on the limits of a comparison's answers. They name no commands: who reads the page may not have the
 * program. hints.ts has these.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { decidedByDev } from "../report/shown.ts";
import { format } from "../report/format.ts";
import { majorityScore } from "../statistics/f1.ts";
import { referenceOf } from "../statistics/reference.ts";
import { describeRule } from "../training/decision.ts";
import { isSingleTraining } from "../config/modes.ts";
import type { Comparison, Difference } from "./comparison.ts";
import type { Cost } from "./cost.ts";
import { foldCount, foldOf } from "./fold.ts";
import { foldIntervalNotes } from "./fold_notes.ts";
import { isDenseAlone, methodSettings } from "./method.ts";
import type { Method } from "./replicates.ts";
import { ruleOf } from "./rescore.ts";
import { decisive, hasEqualTraining } from "./reference.ts";

/**
 * Settings of the training budget: runs that differ here differ in effort, not only in method. The choice of
 * kernels is none, and goes with the mode.
 */
const BUDGET = /^training\.(?!kernels$)/;

/** Remarks, the general ones first. */
export function notesOf(comparison: Comparison, methods: readonly Method[]): string[] {
  return [
    uncertainty(comparison),
    ...splitNote(comparison, methods),
    ...floorNote(comparison, methods),
    ...equalTrainingNote(comparison),
    ...partlyEqualNote(comparison),
    ...weakerNote(comparison),
    ...dropoutNote(comparison, methods),
    ...ruleNote(comparison, methods),
    ...seedNote(comparison),
    ...foldIntervalNotes(comparison),
    ...budgetNote(methods),
    ...trainingNote(comparison),
    ...incompleteNote(comparison),
    ...foldNote(methods),
    ...densityNote(comparison),
    ...apartNote(comparison),
    ...widthNote(comparison),
    multiplicity(comparison),
  ];
}

function uncertainty(comparison: Comparison): string {
  const { draws, seed, records, groups, split, margin, secondMargin } = comparison;
  const sources = new Set(differencesOf(comparison).map(({ source }) => source));
  const drawn = `${draws.toLocaleString("en")} draws (seed ${seed}) of the ${records} ${split} ` +
    `records${groups === null ? "" : ` by their ${groups} groups`}, the same draw for all networks`;
  const text = [
    ...(sources.has("seeds and records")
      ? [
        `Intervals are 95 %, over seeds and records: the spread of the difference from seed to seed, ` +
        `with Student’s t for few seeds, and ${drawn}.`,
      ]
      : []),
    ...(sources.has("folds")
      ? [
        "Intervals over folds are 95 %, from the spread of the difference from fold to fold with " +
        "Student’s t: records, seeds and training sets differ between folds.",
      ]
      : []),
    ...(sources.has("records") || sources.size === 0
      ? [
        `Intervals over records alone are 95 % percentile intervals of ${drawn}: they do not include the ` +
        "effect of another seed.",
      ]
      : []),
    `“Matches” means that the lower bound is above −${margin} (second margin: −${secondMargin}) for ` +
    "this network and all of the method with more weights: networks are tested from dense to sparse, and " +
    "the first that is not shown to match ends the tests.",
  ];
  return text.join(" ");
}

function differencesOf({ methods, pairs }: Comparison): Difference<string>[] {
  return [
    ...methods.flatMap(({ levels }) =>
      levels.flatMap(({ toDense, toEqual }) => [toDense, toEqual].filter((own) => own !== null))
    ),
    ...pairs.flatMap(({ levels, average }) => [...levels, average]),
  ];
}

/** Methods that are compared with dense networks of fewer epochs alone; null if there are none. */
export function unequalTraining(
  { methods }: Comparison,
): { names: string[]; least: number; most: number } | null {
  const lacking = methods.filter((method) =>
    !method.continued && method.levels.length > 1 && !hasEqualTraining(method)
  );
  const epochs = lacking.flatMap(({ levels }) => {
    const [first, last] = [levels[0]!.cost, levels.at(-1)!.cost];
    return first && last ? [{ dense: first.epochs, most: last.epochs }] : [];
  });
  const most = Math.max(...epochs.map(({ most }) => most));
  const least = Math.min(...epochs.map(({ dense }) => dense));
  if (epochs.length === 0 || most <= least) return null;
  return { names: lacking.map(({ name }) => name), least, most };
}

function equalTrainingNote(comparison: Comparison): string[] {
  const unequal = unequalTraining(comparison);
  if (unequal === null) return [];
  const { names, least, most } = unequal;
  return [
    `${names.join(", ")}: the dense networks had fewer epochs (${
      format(least, "epochs")
    } against up to ` +
    `${format(most, "epochs")} in total), so part of these differences may be training length. ` +
    "No dense network of equal training is compared.",
  ];
}

/** Levels or replicates without a dense network of equal training, in methods that have some. */
function partlyEqualNote({ methods }: Comparison): string[] {
  return methods.filter(hasEqualTraining).flatMap(({ name, levels }) => {
    const missing = levels.filter((level) => referenceOf(level)?.kind === "once");
    const fewer = levels.some(({ toEqual }) =>
      toEqual !== null && toEqual.replicates.compared < toEqual.replicates.of
    );
    return [
      ...(missing.length > 0
        ? [
          `${name}: no dense network was trained for as long as the one at ${
            missing.map(({ theta }) => format(theta, "factor")).join(", ")
          }.`,
        ]
        : []),
      ...(fewer
        ? [
          `${name}: not every seed has a dense network of equal training; the others are left out of ` +
          "that difference.",
        ]
        : []),
    ];
  });
}

/** Further training can make a dense network worse, and then easier to match. */
function weakerNote({ methods }: Comparison): string[] {
  return methods.flatMap(({ name, levels }) => {
    const weaker = levels.filter(({ toEqual, toDense }) =>
      toEqual !== null && toEqual.difference > toDense.difference
    );
    return weaker.length === 0 ? [] : [
      `${name} at ${
        weaker.map(({ theta }) => format(theta, "factor")).join(", ")
      }: dense of equal ` +
      "training scores less than the original dense network, so the difference to the original one is " +
      "the harder test.",
    ];
  });
}

/** A difference between networks that are scored by different rules includes the effect of the rules. */
function ruleNote({ rescored }: Comparison, methods: readonly Method[]): string[] {
  if (rescored) {
    return [
      `All records are decided again from the saved probabilities: ${
        describeRule(rescored)
      }. Dev ` +
      "scores by epoch are those of each run’s own rule.",
    ];
  }
  const rules = rulesOf(methods);
  const different = [...new Set(rules.map(({ rule }) => rule))];
  if (different.length < 2) return [];
  const who = different.map((rule) =>
    `${rules.filter((own) => own.rule === rule).map(({ name }) => name).join(", ")}: ${rule}`
  );
  return [
    `Records are decided by different rules, so differences include the effect of the rules (${
      who.join("; ")
    }).`,
  ];
}

/** Each method's own decision rule in words. */
export function rulesOf(methods: readonly Method[]): { name: string; rule: string }[] {
  return methods.map(({ name, replicates }) => ({
    name,
    rule: describeRule(ruleOf(replicates[0]!.runs[0]!.summary.config)),
  }));
}

/** Dense networks that train with dropout beside pruned ones that train without. */
function dropoutNote({ methods: results }: Comparison, methods: readonly Method[]): string[] {
  const trained = results.map((result) => {
    const run = methods.find(({ name }) => name === result.name)!.replicates[0]!.runs[0]!;
    const settings = methodSettings(run);
    const hasDropout = Number(settings.get("network.dropout")) > 0;
    return { result, run, hasDropout, rounds: settings.get("training.dropoutRounds") };
  });
  const dropsIfDense = trained.filter(({ hasDropout, rounds }) =>
    hasDropout && rounds === '"dense"'
  )
    .map(({ result }) => result);
  const pruned = dropsIfDense.filter((method) => !method.continued && hasEqualTraining(method));
  const inCycles = pruned.length > 0 && dropsIfDense.some(({ continued }) => continued);
  const atOnce = trained.some(({ run, hasDropout }) =>
    run.control === null && isDenseAlone(run) && hasDropout
  );
  // Single trainings end pruned, so they have none unless all rounds have.
  const single = trained.filter(({ result, run, rounds }) =>
    isSingleTraining(run.summary.mode) && rounds !== '"all"' && hasEqualTraining(result)
  ).map(({ result }) => result.name);
  const soWhat = "So a difference between them may come from dropout, too.";
  return [
    ...(inCycles
      ? [
        "Dense networks of equal training had dropout in all of their epochs; pruned networks had it in the dense " +
        `round alone. ${soWhat}`,
      ]
      : []),
    ...(atOnce && single.length > 0
      ? [
        `The dense network of one schedule had dropout in all of its epochs; ${
          single.join(", ")
        } had none. ${soWhat}`,
      ]
      : []),
  ];
}

/** Pairs whose networks were not trained for the same number of epochs. */
function trainingNote({ methods, pairs }: Comparison): string[] {
  const cost = (name: string, i: number) =>
    methods.find((method) => method.name === name)!.levels[i]!.cost;
  const text = ({ epochs, weightEpochs }: Cost) =>
    `${format(epochs, "epochs")} in total, ${format(weightEpochs, "epochs")} of its weights`;
  const rows = pairs.flatMap(({ a, b, levels }) => {
    const unequal = levels.findLast(({ equalTraining }) => !equalTraining);
    if (!unequal) return [];
    const [x, y] = [cost(a, unequal.levelA), cost(b, unequal.levelB)];
    return x && y ? [`${a} (${text(x)}) and ${b} (${text(y)})`] : [];
  });
  return rows.length === 0 ? [] : [
    `Epochs differ at the sparsest density of these pairs: ${
      rows.join("; ")
    }. The total includes the ` +
    "rounds that only found the mask.",
  ];
}

function splitNote({ split }: Comparison, methods: readonly Method[]): string[] {
  if (split !== "dev") return [];
  const runs = methods.flatMap(({ replicates }) => replicates.flatMap((own) => own.runs));
  const decided = new Set(runs.flatMap(({ summary }) => decidedByDev(summary.config) ?? []));
  return decided.size === 0
    ? ["These are dev scores; dev decided nothing in the training of these runs."]
    : [`Dev also decided ${[...decided].join(", ")}, so these scores are optimistic.`];
}

/** A match with a dense network that has learned nothing has no meaning. */
function floorNote({ methods: results, metric }: Comparison, methods: readonly Method[]): string[] {
  const networks = methods[0]!.replicates[0]!.dense;
  const { classes, metric: { classes: scored } } = networks[0]!.run.summary;
  const counts = classes.map(() => 0);
  for (const { run, round } of networks) {
    for (const { truth } of run.outcomes.get(round.round)!.values()) counts[truth]! += 1;
  }
  const floor = majorityScore(counts, scored.map((name) => classes.indexOf(name))) ?? 0;
  const low = results.filter(({ levels }) => levels[0]!.mean <= floor).map(({ name }) => name);
  return low.length === 0 ? [] : [
    `The dense networks of ${
      low.join(", ")
    } score no more than always answering the most frequent class ` +
    `would (${metric} ${format(floor, "score")}), so a match with them means nothing.`,
  ];
}

function seedNote({ methods }: Comparison): string[] {
  const single = methods.filter(({ seeds, folds }) => seeds.length === 1 && folds === 1)
    .map(({ name }) => name);
  if (single.length === 0) return [];
  const who = single.length === methods.length ? "Every method has" : `${single.join(", ")}:`;
  return [`${who} one seed only; the effect of another seed is unknown.`];
}

function budgetNote(methods: readonly Method[]): string[] {
  const all = methods.map(({ name, replicates }) => {
    const run = replicates[0]!.runs[0]!;
    return { name, own: methodSettings(run), single: isSingleTraining(run.summary.mode) };
  });
  return [...new Set(all.flatMap(({ own }) => [...own.keys()]))].flatMap((key) => {
    // The epochs of a single training are its total, and those of the others are of one round.
    const comparable = key === "training.epochs" ? all.filter(({ single }) => !single) : all;
    const values = comparable.map(({ name, own }) => ({ name, value: own.get(key) ?? "absent" }));
    if (!BUDGET.test(key) || new Set(values.map(({ value }) => value)).size < 2) return [];
    return [
      `Budgets differ: ${key} is ${
        values.map(({ name, value }) => `${value} (${name})`).join(", ")
      }.`,
    ];
  });
}

function incompleteNote({ runs }: Comparison): string[] {
  const names = runs.filter(({ complete }) => !complete).map(({ name }) => name);
  return names.length === 0 ? [] : [`Not finished: ${names.join(", ")}.`];
}

function foldNote(methods: readonly Method[]): string[] {
  const runs = methods[0]!.replicates[0]!.runs;
  const count = foldCount(runs[0]!);
  if (count === null) return [];
  const present = new Set(runs.map(foldOf)).size;
  const part = present < count ? ` Only ${present} of the ${count} folds are here.` : "";
  return [
    `Predictions are pooled over ${
      counted(present, "fold")
    }: a score is that of all their records together, ` +
    `each predicted by the network that was not trained on it.${part}`,
  ];
}

function densityNote({ methods, pairs }: Comparison): string[] {
  const level = (name: string, i: number) =>
    methods.find((method) => method.name === name)!.levels[i]!;
  const inexact = pairs.filter(({ a, b, levels }) =>
    levels.some(({ levelA, levelB }) => level(a, levelA).kept !== level(b, levelB).kept)
  );
  return inexact.length === 0 ? [] : [
    "These prune to different densities and are compared where they keep about as many weights " +
    `(within 10 %): ${inexact.map(({ a, b }) => `${a} and ${b}`).join("; ")}.`,
  ];
}

/** Methods that cannot be compared with each other. */
function apartNote({ methods, pairs }: Comparison): string[] {
  const pruned = methods.filter(({ levels, continued }) => levels.length > 1 && !continued)
    .map(({ name }) => name);
  const apart = pruned.flatMap((a, i) =>
    pruned.slice(i + 1)
      .filter((b) => !pairs.some((pair) => pair.a === a && pair.b === b))
      .map((b) => `${a} and ${b}`)
  );
  return apart.length === 0
    ? []
    : [`No densities within 10 % of each other, so not compared: ${apart.join("; ")}.`];
}

/** The bootstrap draws only existing records: if none of them separates two networks, no draw does. */
function widthNote({ methods, pairs, records }: Comparison): string[] {
  const all = [
    ...methods.flatMap(({ levels }) => levels.flatMap((level) => decisive(level) ?? [])),
    ...pairs.flatMap(({ levels }) => levels),
  ];
  return all.every(({ low, high }) => low < high) ? [] : [
    "An interval without width means that hardly any of these records separates the two networks, not " +
    `certainty: up to ${
      format(Math.min(1, 3 / records), "percent")
    } of other records still might ` +
    "(rule of three).",
  ];
}

function multiplicity({ methods, pairs, tests }: Comparison): string {
  const exploratory = pairs.filter(({ named }) => !named)
    .reduce((sum, { levels }) => sum + levels.length + (levels.length > 1 ? 1 : 0), 0);
  const sequences =
    methods.filter(({ levels, continued }) => levels.length > 1 && !continued).length;
  return [
    ...(sequences > 1
      ? [`Each of the ${sequences} methods is tested against dense separately.`]
      : []),
    ...(tests.length > 0
      ? [
        `The p values of the ${
          counted(tests.length, "test")
        } planned before are adjusted together (Holm): at most one family in twenty has a false ` +
        "claim.",
      ]
      : []),
    ...(exploratory > 0
      ? [
        `${exploratory} intervals between methods are exploratory and not adjusted: of comparisons without ` +
        "any difference, about one in twenty excludes 0 by chance.",
      ]
      : []),
  ].join(" ");
}
