/**
 * Trials of settings: runs of a plan that are not compared on test, because they choose settings.
 *
 * @module
 */
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { decimals } from "../core/decimals.ts";
import { costOf } from "../compare/cost.ts";
import { foldOf, haveSameFold, seedOf } from "../compare/fold.ts";
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
export function trialsOf({ collected, plan, planned: cells }: Group): Trial[] {
  const planned = cells.map(({ name }) => nameOfReplicates(name));
  const names = [...new Set(collected.map(({ name }) => nameOfReplicates(name)))]
    .sort((a, b) => planned.indexOf(a) - planned.indexOf(b));
  return names.map((name) => {
    const runs = collected.filter((run) => nameOfReplicates(run.name) === name)
      .sort((a, b) => (foldOf(a) ?? 0) - (foldOf(b) ?? 0) || (seedOf(a) ?? 0) - (seedOf(b) ?? 0));
    const cell = cells[planned.indexOf(name)];
    return {
      name: shortName(name, cell ? plan! : groupOf(runs[0]!)),
      options: cell ? shownOptions(cell.args) : null,
      runs,
    };
  });
}

/** The folder of the group that has a run. */
function groupOf({ directory }: Run): string {
  return path.basename(path.dirname(directory));
}

function shortName(name: string, group: string): string {
  return name.startsWith(`${group}-`) ? name.slice(group.length + 1) : name;
}

/** Whether two trials train networks in the same mode, so that a difference is that of their settings. */
function isComparable(a: Trial, b: Trial): boolean {
  const [x, y] = [a, b].map(({ runs }) => runs[0]!.summary.mode);
  return x === y;
}

function shownOptions(args: readonly string[]): string {
  return args.filter((word, i) => ![word, args[i - 1] ?? ""].some((one) => NOT_SHOWN.includes(one)))
    .join(" ");
}

/** The only round of a trial, or its last one. */
function lastRound({ summary }: Run) {
  return summary.rounds.at(-1)!;
}

function lastEpoch(run: Run) {
  return lastRound(run).epochs.at(-1)!;
}

/**
 * Losses and scores on dev of the trials' last networks, beside those of the first trial in the same folds. Scores on
 * test are not shown: trials choose settings.
 */
export function trialsTable(group: Group): string {
  const trials = trialsOf(group);
  const base = trials[0]!;
  const score = (run: Run) => lastRound(run).dev.score;
  const loss = (run: Run) => lastEpoch(run).devLoss;
  return markdown(
    [
      ...["trial", "options", "epochs", "train loss", "dev loss", "dev F1", "by fold"],
      ...[`dev loss minus ${base.name}`, `dev F1 minus ${base.name}`, "hours a run"],
    ],
    trials.map((trial) => {
      const { name, options, runs } = trial;
      const pairs = runs.flatMap((run) => {
        const other = base.runs.find((other) => haveSameFold(other, run));
        return other ? [[run, other] as const] : [];
      });
      const difference = (of: (run: Run) => number) =>
        trial === base || pairs.length === 0 || !isComparable(trial, base)
          ? ""
          : decimals(mean(pairs.map(([own, other]) => of(own) - of(other))));
      const of = (value: (run: Run) => number) => decimals(mean(runs.map(value)));
      return [
        ...[name, options === null ? "" : `\`${options}\``],
        format(mean(runs.map((run) => lastRound(run).epochs.length)), "epochs"),
        ...[of((run) => lastEpoch(run).trainLoss), of(loss), of(score)],
        runs.map((run) => decimals(score(run))).join(", "),
        ...[difference(loss), difference(score)],
        hoursText(runs),
      ];
    }),
  );
}

function hoursText(runs: readonly Run[]): string {
  const seconds = runs.map((run) => costOf({ run, round: lastRound(run) }, runs)?.seconds ?? null)
    .filter((value) => value !== null);
  return seconds.length < runs.length ? "" : decimals(mean(seconds) / 3600, 2);
}

/**
 * A curve for each trial in the mode of the first: dev loss at the end of every epoch, mean over the folds that all of
 * them have.
 */
export function trialCurves(group: Group): { label: string; values: number[] }[] {
  const all = trialsOf(group);
  const trials = all.filter((trial) => isComparable(trial, all[0]!));
  const isCommon = (run: Run) =>
    trials.every(({ runs }) => runs.some((other) => haveSameFold(other, run)));
  return trials.map(({ name, runs }) => {
    const own = runs.filter(isCommon).map((run) => lastRound(run).epochs);
    return {
      label: `${name} (${counted(own.length, "fold")})`,
      values: (own[0] ?? []).map((_, i) => mean(own.map((epochs) => epochs[i]!.devLoss))),
    };
  });
}
