/**
 * The answer of a run in sentences, with its limits.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { shellWords } from "../core/shell.ts";
import { decidedByDev, type ShownSummary } from "./shown.ts";
import type { Summary } from "../results/summary.ts";
import { hasDenseRound } from "../config/dense_round.ts";
import { majorityScore } from "../statistics/f1.ts";
import { commonKind, differenceTo, REFERENCE_NAMES, referenceOf } from "../statistics/reference.ts";
import { NORMAL_95 } from "../statistics/standard_error.ts";
import { denseOf, type ReportData, resultSplit, type RoundData } from "./data.ts";
import type { DenseDifference, Extras, RoundDifference, RunDifferences } from "./extras.ts";
import { epochsText, format } from "./format.ts";

/** The first sentence and the ones below it, as plain text. */
export interface Headline {
  answer: string;
  /** Without commands: who reads a page may not have the program. */
  remarks: string[];
  /** For the terminal: the command that gives a fairer answer, and why; null if there is no need. */
  advice: string | null;
}

/** The result of the run in words. */
export function headline(summary: ShownSummary, data: ReportData, extras: Extras = {}): Headline {
  const remarks = [incomplete(summary, data)];
  const dense = denseOf(data.rounds);
  const ticket = sparsest(data.rounds);
  if (!ticket) {
    const answer = data.single
      ? "The training is not finished yet, so there is no score to report."
      : "No round is finished yet, so there is no score to report.";
    return { answer, remarks: remarks.filter(isText), advice: null };
  }
  const { control = null } = summary;
  if (control) {
    const run = extras.run ?? summary.name;
    return controlHeadline({ control, run, data, ticket, remarks });
  }
  const differences = extras.differences ?? null;
  const found = differences?.rounds.get(ticket.round) ?? null;
  const context = { data, dense, ticket, differences, found };
  const less = lessTraining(summary, context);
  remarks.push(
    uncertainty(summary, context),
    less && less.remark,
    matching(context),
    overSeeds(data, ticket),
    majority(summary, data),
  );
  return {
    answer: answer(summary, context),
    remarks: remarks.filter(isText),
    advice: less && [less.remark, less.command].filter(isText).join(" "),
  };
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
  /** undefined for a single training, which has none. */
  dense: RoundData | undefined;
  ticket: RoundData;
  /** Differences of all pruned rounds; null if not known. */
  differences: RunDifferences | null;
  /** Differences of `ticket`. */
  found: RoundDifference | null;
}

function answer(
  { plannedRounds }: Summary,
  { data, dense, ticket, differences, found }: Context,
): string {
  const split = resultSplit(data.rounds);
  const name = `${data.metric} ${format(ticket[split]?.score, "score")}`;
  if (ticket.round === 0) {
    const later = plannedRounds === 0
      ? "this run has no pruned round"
      : "no pruned round is finished yet";
    return `The dense network scores ${name} on ${split}; ${later}.`;
  }
  const kept = format(ticket.density, "percent");
  const start = `At ${
    format(ticket.theta, "factor")
  } fewer weights (${kept} kept) the network scores ${name} on ${split}`;
  if (!found && !dense) return `${start}.`;
  if (!found) {
    const change = difference(ticket[split]?.score, dense?.[split]?.score);
    return `${start} against ${format(dense?.[split]?.score, "score")} dense: ` +
      `${format(change, "signed")}.`;
  }
  const { toDense, epochs } = found;
  const beside = differences?.beside ?? null;
  const once = toDense.epochs === null || epochs === null || toDense.epochs === epochs
    ? ""
    : ` after ${epochsText(toDense.epochs)} (this network: ${epochsText(epochs)})`;
  const reference = referenceOf(found);
  if (reference.kind === "once") {
    const whose = beside === null ? "" : ` (of ${beside})`;
    return `${start} against ${format(toDense.score, "score")} dense${whose}${once}: ` +
      `${differenceText(toDense)}.`;
  }
  const { found: toEqual } = reference;
  const trained = toEqual.epochs === null || epochs === null
    ? ""
    : toEqual.epochs === epochs
    ? ` (${epochsText(epochs)})`
    : ` (${epochsText(toEqual.epochs)}, this network ${epochsText(epochs)})`;
  const original = beside === null ? "the dense network it began with" : `that of ${beside}`;
  return `${start}. Against ${REFERENCE_NAMES.equal}${trained}, ` +
    `${format(toEqual.score, "score")}: ${differenceText(toEqual)}. Against ${original}, ${
      format(toDense.score, "score")
    }${toDense.epochs === null ? "" : ` after ${epochsText(toDense.epochs)}`}: ${
      differenceText(toDense)
    }.`;
}

/** E.g. "−0.103, 95 % interval −0.216 to +0.010". */
function differenceText({ difference, low, high }: DenseDifference): string {
  return `${format(difference, "signed")}, 95 % interval ${limitsText({ low, high })}`;
}

function limitsText({ low, high }: { low: number; high: number }): string {
  return `${format(low, "signed")} to ${format(high, "signed")}`;
}

/** Says that dense had fewer epochs. @returns the command that trains it for as many, too. */
function lessTraining(
  { complete }: Summary,
  { data, differences, found, ticket }: Context,
): { remark: string; command: string | null } | null {
  if (!differences || !found || referenceOf(found).kind === "equal") return null;
  const { toDense, epochs } = found;
  if (toDense.epochs === null || epochs === null || toDense.epochs >= epochs) return null;
  if (differences.continued !== null) {
    const remark =
      `${differences.continued} did not train the dense network for as long as ${
        data.single ? "this one" : `round ${ticket.round}`
      }, ` +
      "so the difference is to the dense network that it began with; part of it may be training length.";
    return { remark, command: null };
  }
  const remark =
    `The dense network had ${epochsText(toDense.epochs)}, this one ${epochsText(epochs)} in ` +
    "all: part of the difference may be training length.";
  const command =
    `deno task lth control --run ${
      shellWords([differences.run])
    } --kind continue trains the dense network ` +
    "for as long, and this report then begins with the difference to it.";
  return { remark, command: complete ? command : null };
}

/** The largest compression that matches dense, tested from dense to sparse (statistics/matches.ts). */
function matching({ data, differences, ticket }: Context): string | null {
  if (!differences) return null;
  if (data.single) return matchingAlone(differences, ticket);
  const { margin, secondMargin, stoppedAt, rounds } = differences;
  const place = (number: number) => {
    const theta = data.rounds.find(({ round }) => round === number)?.theta ?? null;
    return `round ${number}, ${format(theta, "factor")} fewer weights`;
  };
  const kind = commonKind(rounds.values());
  const to = REFERENCE_NAMES[kind];
  const stop = stoppedAt === null ? null : rounds.get(stoppedAt);
  const ended = stop
    ? `The tests from dense to sparse end at ${place(stoppedAt!)}: ${
      differenceTo(stop, kind)?.sentence ?? "there is no dense network of equal training"
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

/** Whether a single training matches dense. */
function matchingAlone(
  { margin, secondMargin, matching, secondMatching, rounds }: RunDifferences,
  { round }: RoundData,
): string | null {
  const found = rounds.get(round);
  if (!found) return null;
  const reference = referenceOf(found);
  const to = REFERENCE_NAMES[reference.kind];
  if (matching === null) {
    return `It is not shown to match ${to} within ${margin} on these records: ${reference.found.sentence}.`;
  }
  const also = secondMatching === null
    ? `; within ${secondMargin} it is not shown to`
    : `, and within ${secondMargin}`;
  return `It matches ${to} within ${margin}${also}.`;
}

/** Results of other seeds at the compression of `ticket`, and of dense. */
function overSeeds({ replicates, rounds, single }: ReportData, ticket: RoundData): string | null {
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
  const [before, now] = [text(denseOf(rounds)), text(ticket)];
  if (now === null || (before === null && !single)) return null;
  const dense = before === null ? "" : `, ${before} dense`;
  return `Over seeds: ${now} at ${format(ticket.theta, "factor")} fewer weights${dense}; ` +
    "a comparison gives intervals.";
}

/** The headline of a control. Its base has the networks that it is to be compared with. */
function controlHeadline({ control, run, data, ticket, remarks }: {
  control: NonNullable<Summary["control"]>;
  /** The control as the command line takes it. */
  run: string;
  data: ReportData;
  ticket: RoundData;
  remarks: (string | null)[];
}): Headline {
  const split = resultSplit(data.rounds);
  const size = ticket.density === 1
    ? "with all its weights"
    : `at ${format(ticket.theta, "factor")} fewer weights`;
  const answer = `Control ${control.kind} of ${control.base}: ${size} the network scores ` +
    `${data.metric} ${format(ticket[split]?.score, "score")} on ${split}.`;
  const remark = "A control is compared with its base: a comparison of both has the difference.";
  return {
    answer,
    remarks: [...remarks, remark].filter(isText),
    advice: `deno task compare ${shellWords([control.base, run])} compares it with its base.`,
  };
}

function uncertainty(
  summary: ShownSummary,
  { data, dense, ticket, differences, found }: Context,
): string {
  const split = resultSplit(data.rounds);
  const [now, before] = [ticket[split], dense?.[split]];
  const seed = summary.config["seed"];
  const run = typeof seed === "number" ? `This is one run (seed ${seed})` : "This is one run";
  const selected = split === "dev" ? ` ${aboutDev(summary)}` : "";
  const records = `${run}, scored on ${format(now?.records, "integer")} ${split} records`;
  if (!dense) {
    const alone =
      "No run beside it has a dense network of the same settings and seed to compare with";
    const text = found && differences
      ? `${intervalSource(differences)}, ${verdictOf(referenceOf(found).found)}`
      : now?.standardError == null
      ? alone
      : `the score has a standard error of about ${format(now.standardError, "score")}. ${alone}`;
    return `${records}: ${text}; other seeds may differ.${selected}`;
  }
  if (now?.standardError == null || before?.standardError == null) {
    return `${records}; a standard error cannot be estimated from them.${selected}`;
  }
  const own = `${records}: the dense score has a standard error of about ` +
    `${format(before.standardError, "score")}`;
  const change = difference(now.score, before.score);
  if (ticket.round === 0 || change === null) return `${own}.${selected}`;
  const half = NORMAL_95 * Math.hypot(now.standardError, before.standardError);
  const { low, high } = found
    ? referenceOf(found).found
    : { low: change - half, high: change + half };
  const interval = differences && found
    ? intervalSource(differences)
    : `the difference a 95 % interval of about ${limitsText({ low, high })}`;
  return `${own}, and ${interval}, ${verdictOf({ low, high })}; ` +
    `other seeds may differ.${selected}`;
}

function intervalSource({ draws }: RunDifferences): string {
  return `the interval of the difference comes from ${format(draws, "integer")} draws of the ` +
    "records, the same for both networks";
}

function verdictOf({ low, high }: { low: number; high: number }): string {
  return low <= 0 && high >= 0
    ? "so the difference cannot be told from chance"
    : "so the difference is more than the choice of records explains";
}

/** Why the result is a dev score, and what dev decided in the run. */
function aboutDev({ testHidden, config }: ShownSummary): string {
  const decided = decidedByDev(config);
  const why = testHidden
    ? "Test scores are shown when the run is complete"
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

function incomplete(summary: Summary, { single }: ReportData): string | null {
  if (summary.complete) return null;
  if (single) return "This run is not complete: its training is not finished.";
  const done = summary.rounds.length;
  const planned = summary.plannedRounds;
  const pruned = counted(planned, summary.control ? "pruned round" : "pruning round");
  const dense = hasDenseRound(summary) ? "dense and " : "";
  const plan = `${dense}${pruned} are configured`;
  const missing = done === 0 ? "no round is" : counted(done, "round", ["is", "are"]);
  return `This run is not complete: ${missing} finished, ${plan}.`;
}

function difference(a: number | null | undefined, b: number | null | undefined): number | null {
  return a == null || b == null ? null : a - b;
}

function isText(text: string | null): text is string {
  return text !== null;
}
