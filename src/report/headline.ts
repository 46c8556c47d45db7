/**
 * The answer of a run in sentences, with its limits.
 *
 * @module
 */
import { decidedByDev, type ShownSummary } from "./shown.ts";
import type { Summary } from "../results/summary.ts";
import { isSingleTraining } from "../config/modes.ts";
import { majorityScore } from "../statistics/f1.ts";
import { NORMAL_95 } from "../statistics/standard_error.ts";
import { type ReportData, resultSplit, type RoundData } from "./data.ts";
import type { DenseDifference, Extras, RoundDifference, RunDifferences } from "./extras.ts";
import { format } from "./format.ts";

/** The first sentence and the ones below it, as plain text. */
export interface Headline {
  answer: string;
  remarks: string[];
  /** The remark that says how to get a fairer answer; null if there is no need. */
  advice: string | null;
}

/** The result of the run in words. */
export function headline(summary: ShownSummary, data: ReportData, extras: Extras = {}): Headline {
  const remarks = [incomplete(summary)];
  const dense = data.rounds.find((round) => round.round === 0);
  const ticket = sparsest(data.rounds);
  if (!ticket) {
    const answer = "No round is finished yet, so there is no score to report.";
    return { answer, remarks: remarks.filter(isText), advice: null };
  }
  if (!dense) return controlHeadline(summary, { data, ticket, remarks });
  const differences = extras.differences ?? null;
  const found = differences?.rounds.get(ticket.round) ?? null;
  const context = { data, dense, ticket, differences, found };
  const advice = lessTraining(summary, context);
  remarks.push(
    uncertainty(summary, context),
    advice,
    matching(context),
    overSeeds(data, ticket),
    majority(summary, data),
  );
  return { answer: answer(context), remarks: remarks.filter(isText), advice };
}

/** The round with the fewest weights; the latest of several. */
export function sparsest<Round extends { density: number }>(
  rounds: readonly Round[],
): Round | undefined {
  return rounds.reduce<Round | undefined>(
    (least, round) => !least || round.density <= least.density ? round : least,
    undefined,
  );
}

interface Context {
  data: ReportData;
  dense: RoundData;
  ticket: RoundData;
  /** Differences of all pruned rounds; null if not known. */
  differences: RunDifferences | null;
  /** Differences of `ticket`. */
  found: RoundDifference | null;
}

function answer({ data, dense, ticket, found }: Context): string {
  const split = resultSplit(data.rounds);
  const name = `${data.metric} ${format(ticket[split]?.score, "score")}`;
  if (ticket.round === 0) {
    return `The dense network scores ${name} on ${split}; no pruned round is finished yet.`;
  }
  const kept = format(ticket.density, "percent");
  const start = `At ${
    format(ticket.theta, "factor")
  } fewer weights (${kept} kept) the network scores ${name} on ${split}`;
  if (!found) {
    const change = difference(ticket[split]?.score, dense[split]?.score);
    return `${start} against ${format(dense[split]?.score, "score")} dense: ` +
      `${format(change, "signed")}.`;
  }
  const { toEqual, toDense, epochs } = found;
  const once = toDense.epochs === null || epochs === null || toDense.epochs === epochs
    ? ""
    : ` after ${epochsText(toDense.epochs)} (this network: ${epochsText(epochs)})`;
  if (!toEqual) {
    return `${start} against ${format(toDense.score, "score")} dense${once}: ` +
      `${differenceText(toDense)}.`;
  }
  const trained = toEqual.epochs === null || epochs === null
    ? ""
    : toEqual.epochs === epochs
    ? ` (${epochsText(epochs)})`
    : ` (${epochsText(toEqual.epochs)}, this network ${epochsText(epochs)})`;
  return `${start}. Against dense of equal training${trained}, ` +
    `${format(toEqual.score, "score")}: ${
      differenceText(toEqual)
    }. Against the dense network it began ` +
    `with, ${format(toDense.score, "score")}${
      toDense.epochs === null ? "" : ` after ${epochsText(toDense.epochs)}`
    }: ${differenceText(toDense)}.`;
}

/** E.g. "−0.103, 95 % interval −0.216 to +0.010". */
function differenceText({ difference, low, high }: DenseDifference): string {
  return `${format(difference, "signed")}, 95 % interval ${limitsText({ low, high })}`;
}

function limitsText({ low, high }: { low: number; high: number }): string {
  return `${format(low, "signed")} to ${format(high, "signed")}`;
}

function epochsText(epochs: number): string {
  const text = format(Math.round(10 * epochs) / 10, "integer");
  return `${text} epoch${text === "1" ? "" : "s"}`;
}

/** Says that dense had fewer epochs, and names the command that trains it for as many. */
function lessTraining(
  { complete }: Summary,
  { differences, found, ticket }: Context,
): string | null {
  if (!differences || !found || found.toEqual) return null;
  const { toDense, epochs } = found;
  if (toDense.epochs === null || epochs === null || toDense.epochs >= epochs) return null;
  if (differences.continued !== null) {
    return `${differences.continued} did not train the dense network for as long as round ${ticket.round}, ` +
      "so the difference is to the dense network that it began with; part of it may be training length.";
  }
  const said =
    `The dense network had ${epochsText(toDense.epochs)}, this one ${epochsText(epochs)} in ` +
    "all: part of the difference may be training length.";
  return complete
    ? `${said} deno task lth control --run ${differences.run} --kind continue trains the dense network ` +
      "for as long, and this report then begins with the difference to it."
    : said;
}

/** The largest compression that matches dense, tested from dense to sparse (statistics/matches.ts). */
function matching({ data, differences }: Context): string | null {
  if (!differences) return null;
  const { margin, secondMargin, stoppedAt, rounds } = differences;
  const place = (number: number) => {
    const theta = data.rounds.find(({ round }) => round === number)?.theta ?? null;
    return `round ${number}, ${format(theta, "factor")} fewer weights`;
  };
  const equal = [...rounds.values()].some(({ toEqual }) => toEqual);
  const to = equal ? "dense of equal training" : "dense";
  const stop = stoppedAt === null ? null : rounds.get(stoppedAt);
  const ended = stop
    ? `The tests from dense to sparse end at ${place(stoppedAt!)}: ${
      equal && !stop.toEqual
        ? "there is no dense network of equal training"
        : (stop.toEqual ?? stop.toDense).sentence
    }.`
    : null;
  if (differences.matching === null) {
    return `No pruned round is shown to match ${to} within ${margin} on these records. ${ended}`;
  }
  const strict = differences.secondMatching;
  const also = strict === differences.matching
    ? `, and within ${secondMargin}`
    : strict === null
    ? `; within ${secondMargin} no round is shown to`
    : `; within ${secondMargin} up to ${place(strict)}`;
  return `It matches ${to} within ${margin} up to ${place(differences.matching)}${also}.${
    ended === null ? "" : ` ${ended}`
  }`;
}

/** Results of other seeds at the compression of `ticket`, and of dense. */
function overSeeds({ replicates, rounds }: ReportData, ticket: RoundData): string | null {
  if (!replicates) return null;
  const split = resultSplit(rounds);
  const text = (round: RoundData | undefined) => {
    const band = round && replicates.rounds[rounds.indexOf(round)]?.[split];
    return band
      ? `${format(band.mean, "score")} on average (${format(band.min, "score")} to ${
        format(band.max, "score")
      }, ${band.count} of ${replicates.names.length} runs)`
      : null;
  };
  const [before, now] = [text(rounds.find(({ round }) => round === 0)), text(ticket)];
  if (before === null || now === null) return null;
  return `Over seeds: ${now} at ${
    format(ticket.theta, "factor")
  } fewer weights, ${before} dense; ` +
    "a comparison gives intervals.";
}

/** The headline of a control, which has no dense round of its own to be compared with. */
function controlHeadline(
  { control, name }: Summary,
  context: { data: ReportData; ticket: RoundData; remarks: (string | null)[] },
): Headline {
  const { data, ticket, remarks } = context;
  const split = resultSplit(data.rounds);
  const size = ticket.density === 1
    ? "with all its weights"
    : `at ${format(ticket.theta, "factor")} fewer weights`;
  const of = control
    ? `Control ${control.kind} of ${control.base}: ${size}`
    : size[0]!.toUpperCase() + size.slice(1);
  const answer = `${of} the network scores ` +
    `${data.metric} ${format(ticket[split]?.score, "score")} on ${split}.`;
  const compare = control &&
    `A control is compared with its base: deno task compare ${control.base} ${name} reports the ` +
      "difference.";
  return { answer, remarks: [...remarks, compare].filter(isText), advice: null };
}

function uncertainty(
  summary: ShownSummary,
  { data, dense, ticket, differences, found }: Context,
): string {
  const split = resultSplit(data.rounds);
  const [now, before] = [ticket[split], dense[split]];
  const seed = summary.config["seed"];
  const run = typeof seed === "number" ? `This is one run (seed ${seed})` : "This is one run";
  const selected = split === "dev" ? ` ${aboutDev(summary)}` : "";
  const records = `${run}, scored on ${format(before?.records, "integer")} ${split} records`;
  if (now?.standardError == null || before?.standardError == null) {
    return `${records}; a standard error cannot be estimated from them.${selected}`;
  }
  const own = `${records}: the dense score has a standard error of about ` +
    `${format(before.standardError, "score")}`;
  const change = difference(now.score, before.score);
  if (ticket.round === 0 || change === null) return `${own}.${selected}`;
  const half = NORMAL_95 * Math.hypot(now.standardError, before.standardError);
  const { low, high } = found?.toEqual ?? found?.toDense ??
    { low: change - half, high: change + half };
  const verdict = low <= 0 && high >= 0
    ? "so the difference cannot be told from chance"
    : "so the difference is more than the choice of records explains";
  const interval = differences && found
    ? `the interval of the difference comes from ${
      format(differences.draws, "integer")
    } draws of the ` +
      "records, the same for both networks"
    : `the difference a 95 % interval of about ${limitsText({ low, high })}`;
  return `${own}, and ${interval}, ${verdict}; ` +
    `other seeds may differ.${selected}`;
}

/** Why the result is a dev score, and what dev decided in the run. */
function aboutDev({ testHidden, config }: ShownSummary): string {
  const decided = decidedByDev(config);
  const why = testHidden
    ? "Test scores are shown when the run is complete (--show-test shows them now)"
    : "There is no test split";
  return decided === null
    ? `${why}; dev has decided nothing in this run.`
    : `${why}; dev has decided ${decided}, so its scores are optimistic.`;
}

function majority(summary: Summary, data: ReportData): string | null {
  const split = resultSplit(data.rounds);
  const counts = (data.rounds[0]?.[split]?.confusion ?? [])
    .map((row) => row.reduce((sum, count) => sum + count, 0));
  const scored = summary.metric.classes.map((name) => summary.classes.indexOf(name));
  const score = majorityScore(counts, scored);
  if (score === null) return null;
  const name = summary.classes[counts.indexOf(Math.max(...counts))] ?? "";
  return `Always answering “${name}” would score ${format(score, "score")}.`;
}

function incomplete(summary: Summary): string | null {
  if (summary.complete) return null;
  const done = summary.rounds.length;
  const planned = summary.plannedRounds;
  const pruned = `${planned} ${summary.control ? "pruned" : "pruning"} round${
    planned === 1 ? "" : "s"
  }`;
  const dense = summary.control || isSingleTraining(summary.mode) ? "" : "dense and ";
  const plan = `${dense}${pruned} are configured`;
  const missing = done === 0 ? "no round is" : done === 1 ? "1 round is" : `${done} rounds are`;
  return `This run is not complete: ${missing} finished, ${plan}.`;
}

function difference(a: number | null | undefined, b: number | null | undefined): number | null {
  return a == null || b == null ? null : a - b;
}

function isText(text: string | null): text is string {
  return text !== null;
}
