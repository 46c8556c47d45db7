/**
 * The tables of the study, as Markdown.
 *
 * @module
 */
import { seedOf } from "../compare/fold.ts";
import { denseOf } from "../compare/levels.ts";
import type { Difference } from "../compare/comparison.ts";
import { cellOf, type Run } from "../compare/run.ts";
import { decimals } from "../core/decimals.ts";
import { format, NONE } from "../report/format.ts";
import { classF1 } from "../statistics/f1.ts";
import { mean } from "../statistics/interval.ts";
import { intervalShort, limitsText } from "../statistics/verdict.ts";
import { nameOfReplicates } from "../run/resolve.ts";
import type { Group } from "./group.ts";
import {
  checksTable,
  claimsTable,
  MAIN_METHOD,
  pairsTable,
  plannedTable,
  sensitivityTable,
  workTable,
} from "./difference_tables.ts";
import { markdown } from "./markdown.ts";
import { networksOf } from "./networks.ts";
import { trialsTable } from "./trials.ts";
import { LEAST_DENSITY, sharedErrorsOf } from "./shared_errors.ts";

/** The tables that a document can ask for, by name. */
export const TABLES: Readonly<Record<string, (group: Group) => string>> = {
  methods: methodsTable,
  tickets: ticketsTable,
  work: workTable,
  checks: checksTable,
  sensitivity: sensitivityTable,
  classes: classesTable,
  labels: labelsTable,
  errors: errorsTable,
  planned: plannedTable,
  pairs: pairsTable,
  claims: claimsTable,
  cost: costTable,
  runs: runsTable,
  progress: progressTable,
  trials: trialsTable,
};

/**
 * Every network: its score, and its difference to the dense network of equal training, with a verdict. The
 * difference to a dense network of fewer epochs has none: it does not say whether pruning helps.
 */
function methodsTable(group: Group): string {
  return markdown(
    [
      ...["method", "weights left", "theta", "epochs", "F1", "dense of as many epochs"],
      ...["difference", "verdict", "to dense of one round"],
    ],
    networksOf(group).map(({ name, level }) => [
      name,
      format(level.density, "percent"),
      format(level.theta, "factor"),
      format(level.cost?.epochs, "epochs"),
      decimals(level.mean),
      level.toEqual ? decimals(level.mean - level.toEqual.difference) : "",
      level.toEqual ? intervalShort(level.toEqual) : "",
      level.toEqual?.verdict ?? "",
      level.toDense ? intervalShort(level.toDense) : "",
    ]),
  );
}

/**
 * The networks of learning-rate rewinding beside dense ones of as many epochs, for a reader who wants the answer alone.
 */
function ticketsTable(group: Group): string {
  return markdown(
    [
      "weights",
      "left",
      "epochs",
      "CinC F1",
      "dense of as many epochs",
      "difference, 95 %",
      "the widest of three intervals",
    ],
    networksOf(group)
      .filter(({ isDense, method }) => !isDense && method.name === MAIN_METHOD)
      .map(({ level: { density, kept, mean, cost, toEqual } }) => [
        kept.toLocaleString("en"),
        format(density, "percent"),
        format(cost?.epochs, "epochs"),
        decimals(mean),
        toEqual ? decimals(mean - toEqual.difference) : "not run",
        toEqual ? intervalShort(toEqual) : "",
        toEqual ? limitsText(widest(toEqual)) : "",
      ]),
  );
}

/** The widest of a difference's intervals. */
function widest(found: Difference<string>): { low: number; high: number } {
  return [found, found.corrected, found.records].filter((each) => each !== null)
    .reduce((a, b) => b.high - b.low > a.high - a.low ? b : a);
}

/** F1 of every class; folds are pooled, seeds averaged. */
function classesTable(group: Group): string {
  const { classes } = group.comparison;
  const rows = networksOf(group).map(({ name, method, level, rounds }) => {
    const matrices = new Map<string, Float64Array>();
    for (const { run, round } of rounds) {
      const key = method.folds > 1 ? "folds" : String(seedOf(run));
      const cells = matrices.get(key) ?? new Float64Array(classes.length ** 2);
      for (const outcome of run.outcomes.get(round.round)!.values()) {
        cells[cellOf(outcome, classes.length)]! += 1;
      }
      matrices.set(key, cells);
    }
    const f1 = classes.map((_, c) => {
      const each = [...matrices.values()].map((cells) =>
        classF1(cells, { classes: classes.length, c }) ?? 0
      );
      return each.length === 0 ? NONE : decimals(mean(each));
    });
    return [name, format(level.density, "percent"), decimals(level.mean), ...f1];
  });
  return markdown(["method", "weights left", "mean of N, A, O", ...classes], rows);
}

/** How often a network's labels are wrong, and how they differ from those of the dense network of one round. */
function labelsTable(group: Group): string {
  const rows = networksOf(group).map(({ name, level, rounds }) => {
    const counts = { records: 0, wrong: 0, sameWrong: 0, otherWrong: 0, lost: 0, won: 0 };
    for (const { run, round } of rounds) {
      const dense = denseOf(run, group.runs)!;
      const start = dense.run.outcomes.get(dense.round.round)!;
      for (const [record, { truth, predicted }] of run.outcomes.get(round.round)!) {
        const before = start.get(record)!.predicted;
        counts.records++;
        if (predicted === truth) counts.won += Number(before !== truth);
        else {
          counts.wrong++;
          const kind = before === truth
            ? "lost"
            : before === predicted
            ? "sameWrong"
            : "otherWrong";
          counts[kind]++;
        }
      }
    }
    const share = (count: number) => shareText(count / counts.records);
    const isStart = counts.sameWrong === counts.wrong && counts.won === 0;
    const changes = [counts.lost, counts.won, counts.sameWrong, counts.otherWrong].map(share);
    return [
      ...[name, format(level.density, "percent"), share(counts.wrong)],
      ...(isStart ? ["", "", "", ""] : changes),
    ];
  });
  return markdown(
    [
      ...["method", "weights left", "records labelled wrong", "dense right, here wrong"],
      ...["dense wrong, here right", "same wrong label", "wrong in another way"],
    ],
    rows,
  );
}

/** What all networks get wrong together. */
function errorsTable(group: Group): string {
  const found = sharedErrorsOf(group);
  return markdown(["", ""], [
    [
      `networks that score each record, with at least ${100 * LEAST_DENSITY} % of their weights`,
      `${found.networks}`,
    ],
    ["records", found.records.toLocaleString("en")],
    ["labelled right by every network", shareText(found.allRight)],
    ["labelled wrong by more than half of them", shareText(found.mostWrong)],
    ["labelled wrong by every network", shareText(found.allWrong)],
    ["given the same wrong label by every network", shareText(found.sameWrong)],
    [
      "of these, with a mean probability above 0.8",
      found.sure === null ? NONE : shareText(found.sure),
    ],
    ["mean F1 of the networks", decimals(found.score)],
    [
      "F1 of all networks together (mean of their probabilities)",
      found.together === null ? NONE : decimals(found.together),
    ],
    ["mean F1 if those wrong labels were the true ones", decimals(found.relabelled)],
  ]);
}

/** What each network cost: all training up to it, and one forward pass. */
function costTable(group: Group): string {
  return markdown(
    [
      ...[
        "method",
        "weights left",
        "epochs in all",
        "multiply-adds of training",
        "as dense epochs",
      ],
      ...["hours", "multiply-adds of a 30 s record"],
    ],
    networksOf(group).map(({ name, level, rounds }) => {
      const { cost } = level;
      return [
        name,
        format(level.density, "percent"),
        format(level.cost?.epochs, "epochs"),
        format(cost?.macs ?? null, "macs"),
        cost ? cost.denseEpochs.toFixed(1) : NONE,
        typeof cost?.seconds === "number" ? (cost.seconds / 3600).toFixed(2) : NONE,
        format(rounds[0]?.round.macs ?? null, "macs"),
      ];
    }),
  );
}

/** How many runs of the plan are in, by method, and how far those are that are not finished. */
function progressTable({ collected, planned }: Group): string {
  const parts = new Map<string, (Run | undefined)[]>();
  for (const { name } of planned) {
    const part = nameOfReplicates(name);
    const run = collected.find((run) => run.name === name);
    parts.set(part, [...parts.get(part) ?? [], run]);
  }
  return markdown(
    ["runs", "finished", "not finished", "planned"],
    [...parts].map(([part, runs]) => {
      const summaries = runs.flatMap((run) => run?.summary ?? []);
      const finished = summaries.filter(({ complete }) => complete).length;
      const rounds = summaries.filter(({ complete }) => !complete)
        .map(({ rounds, plannedRounds }) =>
          `${rounds.filter(({ round }) => round > 0).length} of ${plannedRounds} rounds`
        );
      return [part, String(finished), tally(rounds), String(runs.length)];
    }),
  );
}

/** How often each text occurs: "2 × a, b". */
function tally(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of [...texts].sort()) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => count === 1 ? text : `${count} × ${text}`).join(", ");
}

/** The runs that are in. */
function runsTable({ comparison }: Group): string {
  const methods = new Map<string, { seed: number | null; fold: number | null }[]>();
  for (const { method, seed, fold } of comparison.runs) {
    methods.set(method, [...methods.get(method) ?? [], { seed, fold }]);
  }
  return markdown(
    ["method", "runs", "seed and fold"],
    [...methods].map(([method, own]) => [
      method,
      String(own.length),
      own.map(({ seed, fold }) => fold === null ? `seed ${seed}` : `seed ${seed}, fold ${fold}`)
        .sort().join("; "),
    ]),
  );
}

function shareText(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
