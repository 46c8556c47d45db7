/**
 * Scores of the present network on a split.
 *
 * @module
 */
import {
  metricFor,
  type Prediction,
  predictRecord,
  type Scores,
  scoresOf,
  smoothedPriors,
} from "./metrics.ts";
import type { SplitName, Workbench } from "./workbench.ts";

/** Scores and, in the order of the split's records, each record's prediction. */
export interface Evaluation {
  readonly scores: Scores;
  readonly predictions: readonly Prediction[];
}

/**
 * Runs the network with its running statistics over every record of a split.
 *
 * @param bench Network, data and device.
 * @param name The split; it must not be empty.
 */
export async function evaluate(bench: Workbench, name: SplitName): Promise<Evaluation> {
  const { hop } = bench.network;
  const split = bench.split(name);
  const priors = trainingPriors(bench);
  const predictions: Prediction[] = new Array(split.lengths.length);
  for (const batch of bench.evaluationBatches(name)) {
    const { program, logits } = bench.evaluationProgram(batch.length);
    await bench.device.run([program], { records: bench.deviceRecords(name, batch) });
    const values = program.readValue(logits);
    const [, classes, rowLength] = program.valueShape(logits);
    batch.records.forEach((record, slot) => {
      if (record < 0) return;
      const first = slot * classes * rowLength;
      predictions[record] = predictRecord(values.subarray(first, first + classes * rowLength), {
        rowLength,
        steps: Math.floor(split.lengths[record]! / hop),
        priors,
        truth: split.labels[record]!,
      });
    });
  }
  const { classes } = bench.dataset;
  const scores = scoresOf(predictions, {
    truths: split.labels,
    classes,
    metric: metricFor(classes),
  });
  return { scores, predictions };
}

/** Priors of the vote: the training steps of each class, smoothed. */
export function trainingPriors(bench: Workbench): Float64Array {
  const { lengths, labels } = bench.split("train");
  const counts = bench.dataset.classes.map(() => 0);
  labels.forEach((label, i) => counts[label]! += Math.floor(lengths[i]! / bench.network.hop));
  return smoothedPriors(counts);
}
