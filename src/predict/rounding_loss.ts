/**
 * Measures how rounded numbers change the scores on real records.
 *
 * @module
 */
import type { LoadedDataset } from "../data/dataset.ts";
import { deciderOf, type Prediction, predictRecord } from "../training/decision.ts";
import { metricFor, scoresOf } from "../training/metrics.ts";
import { Predictor } from "./predictor.ts";
import { ruleOf, type Ticket } from "../ticket/ticket.ts";

/** Scores with the numbers as trained and with rounded ones. */
export interface RoundingLoss {
  /** The records that were scored: test if it has records, else dev. */
  readonly split: "test" | "dev";
  readonly records: number;
  readonly metric: string;
  readonly exact: number;
  readonly rounded: number;
  /** Number of records whose label changed. */
  readonly changed: number;
  /** Largest difference of any logit. */
  readonly largestDifference: number;
}

/**
 * Runs both networks over records that were not used for training.
 *
 * @param options.rounded Gives the logits of a record with rounded numbers.
 */
export function roundingLoss(
  ticket: Ticket,
  { dataset, rounded }: {
    dataset: LoadedDataset;
    rounded: (samples: ArrayLike<number>) => Float32Array;
  },
): RoundingLoss {
  using exact = new Predictor(ticket);
  const split = dataset.splits.test.ids.length > 0 ? "test" : "dev";
  const { offsets, lengths, labels } = dataset.splits[split];
  const decider = deciderOf(ruleOf(ticket), ticket.priors);
  const predictions: [Prediction[], Prediction[]] = [[], []];
  let largestDifference = 0;
  labels.forEach((truth, i) => {
    const samples = dataset.samples.subarray(offsets[i]!, offsets[i]! + lengths[i]!);
    const [a, b] = [exact.logits(samples), rounded(samples)];
    a.forEach((x, k) => largestDifference = Math.max(largestDifference, Math.abs(x - b[k]!)));
    [a, b].forEach((logits, which) => {
      const steps = logits.length / ticket.classes.length;
      predictions[which]!.push(predictRecord(logits, { rowLength: steps, steps, decider, truth }));
    });
  });
  const { classes } = ticket;
  const metric = metricFor(classes);
  const [before, after] = predictions.map((each) =>
    scoresOf(each, { truths: labels, classes, metric }).score
  ) as [number, number];
  return {
    split,
    records: labels.length,
    metric: metric.name,
    exact: before,
    rounded: after,
    changed: predictions[0].filter(({ label }, i) => label !== predictions[1][i]!.label).length,
    largestDifference,
  };
}
