/**
 * Trials of settings: runs of a plan that are not compared on test, because they choose settings.
 *
 * @module
 */
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { decimals } from "../core/decimals.ts";
import { foldOf, seedOf } from "../compare/fold.ts";
import type { Run } from "../compare/run.ts";
import { format } from "../report/format.ts";
import { nameOfReplicates } from "../run/resolve.ts";
import { mean } from "../statistics/interval.ts";
import type { Group } from "./group.ts";
import { markdown } from "./markdown.ts";

/** The runs of one trial, in the order of their folds and seeds. */
export interface Trial {
  /** The runs' name, without their plan's or their group's. */
  name: string;
  /** Options of the plan's command, without the preset, the name and the fold; null for a run of another plan. */
  options: string | null;
  runs: Run[];
}

/** Words of a command that a table does not repeat: they are the same for all, or differ from run to run. */
const NOT_SHOWN = ["--preset", "--name", "--seed", "--folds", "--fold"];

/** The trials of a group in the order of its plan; those that it takes from other groups first. */
export function trialsOf({ collected, planned: cells }: Group): Trial[] {
  const planned = cells.map(({ name }) => nameOfReplicates(name));
  const names = [...new Set(collected.map(({ name }) => nameOfReplicates(name)))]
    .sort((a, b) => planned.indexOf(a) - planned.indexOf(b));
  const shared = commonStart(planned).replace(/[^-]*$/, "");
  return names.map((name) => {
    const runs = collected.filter((run) => nameOfReplicates(run.name) === name)
      .sort((a, b) => (foldOf(a) ?? 0) - (foldOf(b) ?? 0) || (seedOf(a) ?? 0) - (seedOf(b) ?? 0));
    const cell = cells[planned.indexOf(name)];
    return {
      name: shortName(name, [shared, `${groupOf(runs[0]!)}-`]),
      options: cell ? shownOptions(cell.args) : null,
      runs,
    };
  });
}

/** The folder of the group that has a run. */
function groupOf({ directory }: Run): string {
  return path.basename(path.dirname(directory));
}

function shortName(name: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((prefix) => prefix !== "" && name.startsWith(prefix)) ?? "";
  return name.slice(prefix.length);
}

function commonStart(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = first.length;
  while (!others.every((text) => text.startsWith(first.slice(0, length)))) length--;
  return first.slice(0, length);
}

/** Whether two trials train networks in the same mode, so that a difference is that of their settings. */
function isComparable(a: Trial, b: Trial): boolean {
  const [x, y] = [a, b].map(({ runs }) => runs[0]!.summary.mode);
  return x === y;
}

function shownOptions(args: readonly string[]): string {
  const words: string[] = [];
  for (let i = 0; i < args.length; i += 2) {
    if (!NOT_SHOWN.includes(args[i]!)) words.push(...args.slice(i, i + 2));
  }
  return words.join(" ");
}

/** The last epoch of a run's last round. */
function lastEpoch({ summary }: Run) {
  return summary.rounds.at(-1)!.epochs.at(-1)!;
}

/**
 * Losses and scores on dev of the trials' last networks, beside those of the first trial in the same folds. Scores on
 * test are not shown: trials choose settings.
 */
export function trialsTable(group: Group): string {
  const trials = trialsOf(group);
  const base = trials[0]!;
  const score = ({ summary }: Run) => summary.rounds.at(-1)!.dev.score;
  const loss = (run: Run) => lastEpoch(run).devLoss;
  return markdown(
    [
      ...["trial", "options", "epochs", "train loss", "dev loss", "dev F1", "by fold"],
      ...[`dev loss minus ${base.name}`, `dev F1 minus ${base.name}`, "hours a run"],
    ],
    trials.map((trial) => {
      const { name, options, runs } = trial;
      const pairs = runs.flatMap((run) => {
        const other = base.runs.find((other) =>
          foldOf(other) === foldOf(run) && seedOf(other) === seedOf(run)
        );
        return other ? [[run, other] as const] : [];
      });
      const difference = (of: (run: Run) => number) =>
        trial === base || pairs.length === 0 || !isComparable(trial, base)
          ? ""
          : decimals(mean(pairs.map(([own, other]) => of(own) - of(other))));
      const of = (value: (run: Run) => number) => decimals(mean(runs.map(value)));
      return [
        ...[name, options === null ? "" : `\`${options}\``],
        format(mean(runs.map((run) => run.summary.rounds.at(-1)!.epochs.length)), "epochs"),
        ...[of((run) => lastEpoch(run).trainLoss), of(loss), of(score)],
        runs.map((run) => decimals(score(run))).join(", "),
        ...[difference(loss), difference(score)],
        hoursText(runs),
      ];
    }),
  );
}

function hoursText(runs: readonly Run[]): string {
  const seconds = runs.map(({ timing }) =>
    timing?.rounds.reduce((sum, round) => sum + round.trainSeconds, 0)
  ).filter((value) => value !== undefined);
  return seconds.length < runs.length ? "" : decimals(mean(seconds) / 3600, 2);
}

/**
 * A curve for each trial in the mode of the first: dev loss at the end of every epoch, mean over the folds that all of
 * them have.
 */
export function trialCurves(group: Group): { label: string; values: number[] }[] {
  const all = trialsOf(group);
  const trials = all.filter((trial) => isComparable(trial, all[0]!));
  const key = (run: Run) => `${seedOf(run)} ${foldOf(run)}`;
  const common = trials.map(({ runs }) => runs.map(key))
    .reduce((a, b) => a.filter((each) => b.includes(each)));
  return trials.map(({ name, runs }) => {
    const own = runs.filter((run) => common.includes(key(run)))
      .map(({ summary }) => summary.rounds.at(-1)!.epochs);
    return {
      label: `${name} (${counted(own.length, "fold")})`,
      values: (own[0] ?? []).map((_, i) => mean(own.map((epochs) => epochs[i]!.devLoss))),
    };
  });
}
