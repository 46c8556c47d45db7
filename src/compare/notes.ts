/**
 * What stands against taking the answers of a comparison for more than they are.
 *
 * @module
 */
import { decidedByDev } from "../report/shown.ts";
import { format } from "../report/format.ts";
import { majorityScore } from "../report/headline.ts";
import type { Comparison } from "./comparison.ts";
import { foldCount, foldOf } from "./fold.ts";
import { methodSettings } from "./method.ts";
import type { Method } from "./replicates.ts";

/** Settings that make a budget: what differs here differs in effort, not only in method. */
const BUDGET = /^training\./;

/** Remarks, the general ones first. */
export function notesOf(comparison: Comparison, methods: readonly Method[]): string[] {
  return [
    uncertainty(comparison),
    ...splitNote(comparison, methods),
    ...floorNote(comparison, methods),
    ...seedNote(comparison),
    ...budgetNote(methods),
    ...incompleteNote(comparison),
    ...foldNote(methods),
    ...densityNote(comparison),
    ...apartNote(comparison),
    ...widthNote(comparison),
    multiplicity(comparison),
  ];
}

function uncertainty({ draws, seed, records, split, margin }: Comparison): string {
  return `Intervals are 95 % percentile intervals of ${draws.toLocaleString("en")} draws (seed ` +
    `${seed}) of the ${records} ${split} records, the same draw for all networks, scores averaged ` +
    "over the replicates within a draw: the uncertainty from the choice of records, given the seeds. " +
    `“Matches” means that the lower bound is above −${margin}.`;
}

function splitNote({ split }: Comparison, methods: readonly Method[]): string[] {
  if (split !== "dev") return [];
  const runs = methods.flatMap(({ replicates }) => replicates.flatMap((own) => own.runs));
  const decided = new Set(runs.flatMap(({ summary }) => decidedByDev(summary.config) ?? []));
  return decided.size === 0
    ? ["These are dev scores; dev decided nothing in the training of these runs."]
    : [`Dev also decided ${[...decided].join(", ")}, so these scores are optimistic.`];
}

/** Matching a network that has learned nothing means nothing. */
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
    } score no more than always naming the most frequent class ` +
    `would (${metric} ${format(floor, "score")}), so that matching them means nothing.`,
  ];
}

function seedNote({ methods }: Comparison): string[] {
  const single = methods.filter(({ seeds }) => seeds.length === 1).map(({ name }) => name);
  if (single.length === 0) return [];
  const who = single.length === methods.length ? "Every method has" : `${single.join(", ")}:`;
  return [`${who} one seed only; what another seed would change is unknown.`];
}

function budgetNote(methods: readonly Method[]): string[] {
  const settings = methods.map(({ replicates }) => methodSettings(replicates[0]!.runs[0]!));
  const keys = [...new Set(settings.flatMap((own) => [...own.keys()]))].filter((key) =>
    BUDGET.test(key) && new Set(settings.map((own) => own.get(key))).size > 1
  );
  return keys.map((key) =>
    `Budgets differ: ${key} is ${
      methods.map(({ name }, i) => `${settings[i]!.get(key) ?? "absent"} (${name})`).join(", ")
    }.`
  );
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
    `Predictions are pooled over ${present} folds: a score is that of all their records together, ` +
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

/** Methods that cannot be set against each other. */
function apartNote({ methods, pairs }: Comparison): string[] {
  const pruned = methods.filter(({ levels }) => levels.length > 1).map(({ name }) => name);
  const apart = pruned.flatMap((a, i) =>
    pruned.slice(i + 1)
      .filter((b) => !pairs.some((pair) => pair.a === a && pair.b === b))
      .map((b) => `${a} and ${b}`)
  );
  return apart.length === 0
    ? []
    : [`At no density to be compared within 10 % of each other: ${apart.join("; ")}.`];
}

/** The bootstrap only knows the records there are: where none tells two networks apart, none will. */
function widthNote({ methods, pairs, records }: Comparison): string[] {
  const all = [
    ...methods.flatMap(({ levels }) => levels.flatMap(({ toDense }) => toDense ?? [])),
    ...pairs.flatMap(({ levels }) => levels),
  ];
  return all.every(({ low, high }) => low < high) ? [] : [
    "An interval without width means that hardly any of these records tells the two apart, not " +
    `certainty: up to ${
      format(Math.min(1, 3 / records), "percent")
    } of other records still might ` +
    "(rule of three).",
  ];
}

function multiplicity({ methods, pairs }: Comparison): string {
  const count = methods.reduce((sum, { levels }) => sum + levels.length - 1, 0) +
    pairs.reduce((sum, { levels }) => sum + levels.length + 1, 0);
  return `${count} intervals, each for itself: of comparisons without any difference, about one in ` +
    "twenty excludes 0 by chance.";
}
