/**
 * The errors that all networks of a group make together, and what that leaves to gain.
 *
 * @module
 */
import type { Outcome } from "../compare/predictions.ts";
import { ruleOf } from "../compare/rescore.ts";
import { cellOf, statisticOf } from "../compare/run.ts";
import { Failure } from "../core/errors.ts";
import { observed } from "../statistics/bootstrap.ts";
import { mean } from "../statistics/interval.ts";
import { deciderOf, smoothedPriors } from "../training/decision.ts";
import { type Decider, Tally } from "../training/tally.ts";
import type { Group } from "./group.ts";
import { networksOf } from "./networks.ts";

/** Networks that keep fewer of their weights have collapsed, or begin to, and are left out. */
export const LEAST_DENSITY = 0.025;

/** What each network said of one record. */
export interface Opinions {
  /** Of the networks in one order; the truth is that of the record. */
  outcomes: readonly Outcome[];
  decider: Decider;
}

/** Shares of records, and scores. */
export interface SharedErrors {
  networks: number;
  records: number;
  allRight: number;
  mostWrong: number;
  allWrong: number;
  /** All give it the same wrong label. */
  sameWrong: number;
  /** Of these, the share whose wrong label has a mean probability above 0.8; null if there are none, or as `together`. */
  sure: number | null;
  /** Mean score of the networks. */
  score: number;
  /** Score of the label that the mean of their probabilities gives; null if a network saved none. */
  together: number | null;
  /** Mean score if the records with the same wrong label had it as their true one. */
  relabelled: number;
}

/**
 * @param score From cells of the confusion matrix, one of each record.
 * @throws {Failure} If not all records were scored by equally many networks.
 */
export function sharedErrors(
  records: readonly Opinions[],
  { classes, score }: { classes: number; score: (cells: Uint16Array) => number },
): SharedErrors {
  const wrong = records.map(({ outcomes }) =>
    outcomes.filter(({ truth, predicted }) => predicted !== truth).length
  );
  const share = (holds: (wrong: number) => boolean) => wrong.filter(holds).length / records.length;
  const same = new Set(
    records.filter(({ outcomes: [first, ...others] }) =>
      first!.predicted !== first!.truth &&
      others.every(({ predicted }) => predicted === first!.predicted)
    ),
  );
  const scoreOf = (labelled: (record: Opinions) => Outcome) =>
    score(Uint16Array.from(records, (record) => cellOf(labelled(record), classes)));
  const networks = records[0]!.outcomes.length;
  const other = records.find(({ outcomes }) => outcomes.length !== networks);
  if (other) {
    throw new Failure(
      `Cannot count shared errors: a record was scored by ${other.outcomes.length} networks, another by ${networks}`,
    );
  }
  const said = records.every(({ outcomes }) => outcomes.every(({ said }) => said !== undefined));
  const eachScore = (labelled: (record: Opinions, network: number) => Outcome) =>
    mean(Array.from({ length: networks }, (_, n) => scoreOf((record) => labelled(record, n))));
  return {
    ...{ networks, records: records.length, sameWrong: same.size / records.length },
    allRight: share((count) => count === 0),
    mostWrong: share((count) => count > networks / 2),
    allWrong: share((count) => count === networks),
    sure: said && same.size > 0
      ? [...same].filter((record) => together(record).probability > 0.8).length / same.size
      : null,
    score: eachScore(({ outcomes }, n) => outcomes[n]!),
    together: said ? scoreOf((record) => together(record).outcome) : null,
    relabelled: eachScore((record, n) => {
      const outcome = record.outcomes[n]!;
      return same.has(record) ? { ...outcome, truth: outcome.predicted } : outcome;
    }),
  };
}

/** The label that the mean of all networks' probabilities gives, and its mean probability. */
function together({ outcomes, decider }: Opinions): { outcome: Outcome; probability: number } {
  const tally = new Tally(decider);
  for (const { said } of outcomes) tally.add(said!.probabilities);
  const predicted = tally.label;
  return {
    outcome: { truth: outcomes[0]!.truth, predicted },
    probability: tally.probabilities[predicted]!,
  };
}

/** Of the networks of a group that keep at least {@linkcode LEAST_DENSITY} of their weights. */
export function sharedErrorsOf(group: Group): SharedErrors {
  const opinions = new Map<string, { outcomes: Outcome[]; decider: Decider }>();
  const levels = networksOf(group).filter(({ level }) => level.density >= LEAST_DENSITY);
  for (const { run, round } of levels.flatMap(({ rounds }) => rounds)) {
    const { config, dataset } = run.summary;
    const rule = group.rescored ?? ruleOf(config);
    const decider = deciderOf(rule, smoothedPriors(dataset.counts.train));
    for (const [record, { truth, predicted, said }] of run.outcomes.get(round.round)!) {
      // Priors of steps are not in a summary, so a rule that has them cannot decide again.
      const outcome = {
        truth,
        predicted,
        ...(rule.priorUnit === "records" && said ? { said } : {}),
      };
      const known = opinions.get(record);
      if (known) known.outcomes.push(outcome);
      else opinions.set(record, { outcomes: [outcome], decider });
    }
  }
  const { summary } = group.runs[0]!;
  const cells = summary.classes.length ** 2;
  return sharedErrors([...opinions.values()], {
    classes: summary.classes.length,
    score: (outcome) => observed(outcome, { cells, statistic: statisticOf(summary) }),
  });
}
