/**
 * The answer of a run in sentences, with what stands against taking it for more than it is.
 *
 * @module
 */
import { decidedByDev, type ShownSummary } from "./shown.ts";
import type { Summary } from "../experiment/summary.ts";
import { NORMAL_95 } from "./charts/scores.ts";
import { type ReportData, resultSplit, type RoundData } from "./data.ts";
import type { Extras, PairedInterval } from "./extras.ts";
import { format } from "./format.ts";

/** The first sentence and the ones below it, as plain text. */
export interface Headline {
  answer: string;
  remarks: string[];
}

/** What the run found, in words. */
export function headline(summary: ShownSummary, data: ReportData, extras: Extras = {}): Headline {
  const remarks = [incomplete(summary)];
  const dense = data.rounds.find((round) => round.round === 0);
  const ticket = sparsest(data.rounds);
  if (!ticket) {
    const answer = "No round is finished yet, so there is no score to report.";
    return { answer, remarks: remarks.filter(isText) };
  }
  if (!dense) return controlHeadline(summary, { data, ticket, remarks });
  const paired = ticket.round === 0 ? null : extras.paired ?? null;
  remarks.push(uncertainty(summary, { data, dense, ticket, paired }));
  remarks.push(overSeeds(data, ticket));
  remarks.push(chosenOnDev(data, dense));
  remarks.push(majority(summary, data));
  return { answer: answer(data, { dense, ticket, paired }), remarks: remarks.filter(isText) };
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

/**
 * The sparsest round whose dev score is at least dense minus one standard error of dense (the
 * one-standard-error rule of Breiman et al. 1984); null when only the dense round is.
 */
export function matchingRound(rounds: readonly RoundData[]): RoundData | null {
  const dense = rounds.find((round) => round.round === 0);
  const bar = (dense?.dev.score ?? Infinity) - (dense?.dev.standardError ?? 0);
  const match = sparsest(rounds.filter((round) => (round.dev.score ?? -Infinity) >= bar));
  return match && match.round !== 0 ? match : null;
}

/** Score of a network that always names the most frequent class, from the records per class. */
export function majorityScore(counts: readonly number[], scored: readonly number[]): number | null {
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (n === 0) return null;
  const most = counts.indexOf(Math.max(...counts));
  const occurring = scored.filter((c) => (counts[c] ?? 0) > 0);
  if (occurring.length === 0) return null;
  const hits = counts[most] ?? 0;
  return occurring.includes(most) ? (2 * hits) / (n + hits) / occurring.length : 0;
}

interface Context {
  data: ReportData;
  dense: RoundData;
  ticket: RoundData;
  /** Of the difference, from the same records. */
  paired: PairedInterval | null;
}

function answer(data: ReportData, { dense, ticket, paired }: Omit<Context, "data">): string {
  const split = resultSplit(data.rounds);
  const name = `${data.metric} ${format(ticket[split]?.score, "score")}`;
  if (ticket.round === 0) {
    return `The dense network scores ${name} on ${split}; no pruned round is finished yet.`;
  }
  const kept = format(ticket.density, "percent");
  const start = `At ${
    format(ticket.theta, "factor")
  } fewer weights (${kept} kept) the network scores`;
  const change = difference(ticket[split]?.score, dense[split]?.score);
  return `${start} ${name} on ${split} against ${format(dense[split]?.score, "score")} dense: ` +
    `${format(change, "signed")}${paired ? `, 95 % interval ${limitsText(paired)}` : ""}.`;
}

function limitsText({ low, high }: { low: number; high: number }): string {
  return `${format(low, "signed")} to ${format(high, "signed")}`;
}

/** What other seeds made of it, at the compression of `ticket` and dense. */
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

/** A control has no dense round of its own to be measured by. */
function controlHeadline(
  { control, name }: Summary,
  context: { data: ReportData; ticket: RoundData; remarks: (string | null)[] },
): Headline {
  const { data, ticket, remarks } = context;
  const split = resultSplit(data.rounds);
  const of = control ? `Control ${control.kind} of ${control.base}: at` : "At";
  const answer = `${of} ${format(ticket.theta, "factor")} fewer weights the network scores ` +
    `${data.metric} ${format(ticket[split]?.score, "score")} on ${split}.`;
  const compare = control &&
    `A control is measured by its base's rounds: deno task compare ${control.base} ${name} says by ` +
      "how much they differ.";
  return { answer, remarks: [...remarks, compare].filter(isText) };
}

function uncertainty(
  summary: ShownSummary,
  { data, dense, ticket, paired }: Context,
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
  const { low, high } = paired ?? { low: change - half, high: change + half };
  const verdict = low <= 0 && high >= 0
    ? "so the difference cannot be told from chance"
    : "so the difference is more than the choice of records explains";
  const interval = paired
    ? `the interval of the difference comes from ${format(paired.draws, "integer")} draws of the ` +
      "records, the same for both networks"
    : `the difference a 95 % interval of about ${limitsText({ low, high })}`;
  return `${own}, and ${interval}, ${verdict}; ` +
    `other seeds may differ.${selected}`;
}

/** Why the result is a dev score, and what dev had decided before. */
function aboutDev({ testHidden, config }: ShownSummary): string {
  const decided = decidedByDev(config);
  const why = testHidden
    ? "Test scores are shown when the run is complete (--show-test shows them now)"
    : "There is no test split";
  return decided === null
    ? `${why}; dev has decided nothing in this run.`
    : `${why}; dev has decided ${decided}, so its scores are optimistic.`;
}

function chosenOnDev(data: ReportData, dense: RoundData): string | null {
  if (data.rounds.length < 2) return null;
  const rule = "within one standard error of dense on dev";
  const match = matchingRound(data.rounds);
  if (!match) return `No pruned round is ${rule}.`;
  const split = resultSplit(data.rounds);
  const scores = split === "test"
    ? `test ${format(match.test?.score, "score")}, dense ${format(dense.test?.score, "score")}`
    : `dev ${format(match.dev.score, "score")}, dense ${format(dense.dev.score, "score")}`;
  return `The sparsest round ${rule} is round ${match.round}: ` +
    `${format(match.theta, "factor")} fewer weights (${scores}).`;
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
  const plan = `${summary.control ? "" : "dense and "}${pruned} are configured`;
  const missing = done === 0 ? "no round is" : done === 1 ? "1 round is" : `${done} rounds are`;
  return `This run is not complete: ${missing} finished, ${plan}.`;
}

function difference(a: number | null | undefined, b: number | null | undefined): number | null {
  return a == null || b == null ? null : a - b;
}

function isText(text: string | null): text is string {
  return text !== null;
}
