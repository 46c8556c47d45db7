/**
 * Decides records again from the probabilities that a run saved.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Summary } from "../results/summary.ts";
import {
  deciderOf,
  type DecisionRule,
  decisionRule,
  smoothedPriors,
  UNNAMED_RULE,
} from "../training/decision.ts";
import { Tally } from "../training/tally.ts";
import type { Outcome } from "./predictions.ts";

/** The rule that a run decided records by. */
export function ruleOf(config: Record<string, unknown>): DecisionRule {
  return config["score"] === undefined ? UNNAMED_RULE : decisionRule.parse(config["score"]);
}

/**
 * The outcomes of one round under the rule "mean" with priors from training records. Votes cannot be
 * counted again: the file holds them as the run's own rule counted them.
 *
 * @throws {UsageError} If the run saved no probabilities.
 */
export function decidedAgain(
  outcomes: ReadonlyMap<string, Outcome>,
  { rule, summary, directory }: { rule: DecisionRule; summary: Summary; directory: string },
): Map<string, Outcome> {
  const decider = deciderOf(rule, smoothedPriors(summary.dataset.counts.train));
  return new Map(
    [...outcomes].map(([record, outcome]) => {
      if (!outcome.said) {
        throw new UsageError(
          `Cannot decide the records of ${directory} again: this older run saved no probabilities; ` +
            "leave --decision out",
        );
      }
      const tally = new Tally(decider);
      tally.add(outcome.said.probabilities);
      return [record, { ...outcome, predicted: tally.label }];
    }),
  );
}
