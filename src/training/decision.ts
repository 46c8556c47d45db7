/**
 * Decides the label of a record from the logits of its steps; tally.ts counts. Evaluation, reports, tickets
 * and exports all use this module; the streaming C code (ticket/c_template.ts) computes the same sums.
 *
 * A rule compares softmax / prior^exponent: the exponent 0 leaves the prior out, 1 divides by it in full.
 *
 * @module
 */
import { z } from "zod";
import { softmaxOfStep } from "./softmax.ts";
import { type Decider, DECISIONS, Tally } from "./tally.ts";

/** The prior of a class is its share of the training records, or of their steps. */
export const PRIOR_UNITS = ["records", "steps"] as const;
export type PriorUnit = (typeof PRIOR_UNITS)[number];

export const decisionRule = z.strictObject({
  /**
   * "vote": each step votes for the class with the largest softmax / prior^exponent, and the class with
   * most votes wins; a tie goes to the larger sum of softmax / prior^exponent.
   * "mean": the class with the largest mean over the steps of softmax, over prior^exponent.
   */
  decision: z.enum(DECISIONS),
  priorExponent: z.number().min(0).max(10),
  priorUnit: z.enum(PRIOR_UNITS),
});

export type DecisionRule = z.infer<typeof decisionRule>;

/** The rule of older runs and tickets, which do not name one. */
export const UNNAMED_RULE: DecisionRule = {
  decision: "vote",
  priorExponent: 1,
  priorUnit: "steps",
};

/** A rule in words, to follow "Decision:". */
export function describeRule({ decision, priorExponent, priorUnit }: DecisionRule): string {
  const prior = priorExponent === 0
    ? "softmax"
    : `softmax / prior${priorExponent === 1 ? "" : `^${priorExponent}`}`;
  const priors = priorExponent === 0 ? "no prior" : `priors from training ${priorUnit}`;
  return decision === "vote"
    ? `most votes of the steps, each for the largest ${prior} (${priors})`
    : `largest mean ${prior} over the steps (${priors})`;
}

/**
 * A sentence about the decision rule of a configuration.
 *
 * @param config The resolved configuration of a run; older runs do not name the rule.
 */
export function decisionOf({ score }: { readonly [setting: string]: unknown }): string {
  if (score === undefined) {
    return `Decision: ${describeRule(UNNAMED_RULE)}; the run is from before the rule was named.`;
  }
  const rule = decisionRule.safeParse(score);
  return `Decision: ${rule.success ? describeRule(rule.data) : JSON.stringify(score)}.`;
}

/**
 * Priors of classes, smoothed as awni/ecg does it (examples/cinc17/notebooks/cinc17_eval.ipynb, which
 * counts records): (count + 500) / (total + classes). The notebook's own total is one more than the
 * records, not `classes` more, because its array has two leading axes by then; a factor that all classes
 * share changes no decision.
 */
export function smoothedPriors(counts: readonly number[]): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Float64Array.from(counts, (count) => (count + 500) / (total + counts.length));
}

/** The priors of a training split in the unit of a rule. */
export function priorsOf(
  { lengths, labels }: { lengths: ArrayLike<number>; labels: ArrayLike<number> },
  { classes, hop, unit }: { classes: number; hop: number; unit: PriorUnit },
): Float64Array {
  const counts: number[] = new Array(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    counts[labels[i]!]! += unit === "records" ? 1 : Math.floor(lengths[i]! / hop);
  }
  return smoothedPriors(counts);
}

export function deciderOf(
  { decision, priorExponent }: DecisionRule,
  priors: ArrayLike<number>,
): Decider {
  const smallest = Math.min(...Array.from(priors));
  const weights = Float64Array.from(priors, (prior) => (smallest / prior) ** priorExponent);
  return { decision, weights };
}

/** A network's prediction for one record. */
export interface Prediction {
  /** The class that the rule decides for. */
  label: number;
  /** Mean over its steps of -log softmax[truth]. */
  loss: number;
  steps: number;
  /** Mean softmax of its steps, by class. */
  probabilities: number[];
  /** Steps that voted for each class. */
  votes: number[];
}

/**
 * Decides one record.
 *
 * @param logits [classes, T] of one record, row major with row length `rowLength`.
 * @param options.steps Number of leading steps that belong to the record; later steps are padding.
 */
export function predictRecord(
  logits: Float32Array,
  options: { rowLength: number; steps: number; decider: Decider; truth: number },
): Prediction {
  const { rowLength, steps, decider, truth } = options;
  const tally = new Tally(decider);
  const softmax = new Float64Array(decider.weights.length);
  let loss = 0;
  for (let step = 0; step < steps; step++) {
    const place = { rowLength, step, temperature: 1 };
    loss += softmaxOfStep(logits, place, softmax) - logits[truth * rowLength + step]!;
    tally.add(softmax);
  }
  return {
    label: tally.label,
    loss: steps > 0 ? loss / steps : 0,
    steps,
    probabilities: tally.probabilities,
    votes: [...tally.votes],
  };
}
