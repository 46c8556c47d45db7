/**
 * Scores of the present network on a split.
 *
 * @module
 */
import type { Batch } from "../data/batches.ts";
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
 * Runs the network with its running statistics over every record of a split. While the device computes
 * a batch, the votes of the batch before are counted here.
 *
 * @param bench Network, data and device.
 * @param name The split; it must not be empty.
 */
export async function evaluate(bench: Workbench, name: SplitName): Promise<Evaluation> {
  const { hop } = bench.network;
  const split = bench.split(name);
  const priors = trainingPriors(bench);
  const predictions: Prediction[] = new Array(split.lengths.length);
  const vote = ({ batch, values, classes, rowLength }: Computed) =>
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
  let before: Computed | null = null;
  for (const batch of bench.evaluationBatches(name)) {
    const { program, logits } = bench.evaluationProgram(batch.length);
    const running = bench.device.run([program], { records: bench.deviceRecords(name, batch) });
    try {
      if (before) vote(before);
    } finally {
      await running; // work under way is never left behind
    }
    const [, classes, rowLength] = program.valueShape(logits);
    before = { batch, values: program.readValue(logits), classes, rowLength };
  }
  if (before) vote(before);
  const { classes } = bench.dataset;
  const scores = scoresOf(predictions, {
    truths: split.labels,
    classes,
    metric: metricFor(classes),
  });
  return { scores, predictions };
}

/** A batch with its logits [N, classes, rowLength]. */
interface Computed {
  readonly batch: Batch;
  readonly values: Float32Array;
  readonly classes: number;
  readonly rowLength: number;
}

/** Priors of the vote: the training steps of each class, smoothed. */
export function trainingPriors(bench: Workbench): Float64Array {
  const { lengths, labels } = bench.split("train");
  const counts = bench.dataset.classes.map(() => 0);
  labels.forEach((label, i) => counts[label]! += Math.floor(lengths[i]! / bench.network.hop));
  return smoothedPriors(counts);
}
