/**
 * Measures how 8-bit weights change the scores on real records.
 *
 * @module
 */
import type { LoadedDataset } from "../data/dataset.ts";
import { deciderOf, type Prediction, predictRecord } from "../training/decision.ts";
import { metricFor, scoresOf } from "../training/metrics.ts";
import { Predictor } from "./predictor.ts";
import { quantiseNetwork } from "../ticket/quantise.ts";
import { ruleOf, type Ticket } from "../ticket/ticket.ts";

/** Scores with the weights as trained and with rounded weights. */
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

/** Runs both networks over records that were not used for training. */
export function roundingLoss(ticket: Ticket, dataset: LoadedDataset): RoundingLoss {
  using exact = new Predictor(ticket);
  using rounded = new Predictor({ ...ticket, network: quantiseNetwork(ticket.network) });
  const split = dataset.splits.test.ids.length > 0 ? "test" : "dev";
  const { offsets, lengths, labels } = dataset.splits[split];
  const decider = deciderOf(ruleOf(ticket), ticket.priors);
  const predictions: [Prediction[], Prediction[]] = [[], []];
  let largestDifference = 0;
  labels.forEach((truth, i) => {
    const samples = dataset.samples.subarray(offsets[i]!, offsets[i]! + lengths[i]!);
    const both = [exact, rounded].map((predictor) => predictor.logits(samples));
    const [a, b] = both as [Float32Array, Float32Array];
    a.forEach((x, k) => largestDifference = Math.max(largestDifference, Math.abs(x - b[k]!)));
    both.forEach((logits, which) => {
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
