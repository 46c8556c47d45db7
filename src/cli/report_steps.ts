/**
 * Predictions of a network for every step of chosen records.
 *
 * @module
 */
import { runDecider, visitLogits } from "../training/evaluate.ts";
import { Tally } from "../training/tally.ts";
import { softmaxOfStep } from "../training/softmax.ts";
import type { SplitName, Workbench } from "../training/workbench.ts";

/** Predictions for one record. */
export interface StepPredictions {
  /** The class that every step votes for [steps]. */
  labels: number[];
  /** Softmax at the temperature [steps][classes]. */
  probabilities: number[][];
  /** The class that the decision rule gives the record. */
  decided: number;
}

/**
 * Runs the present network over records of a split, in the order given.
 *
 * @param options.records Positions in the split.
 * @param options.temperature Temperature of the probabilities.
 */
export async function predictSteps(
  bench: Workbench,
  options: { split: SplitName; records: readonly number[]; temperature: number },
): Promise<StepPredictions[]> {
  const { split, records, temperature } = options;
  const decider = runDecider(bench);
  const found = new Map<number, StepPredictions>();
  await visitLogits(bench, { split, records }, (record, { logits, rowLength, steps }) => {
    const tally = new Tally(decider);
    const softmax = new Float64Array(decider.weights.length);
    const labels: number[] = [];
    const probabilities: number[][] = [];
    for (let step = 0; step < steps; step++) {
      softmaxOfStep(logits, { rowLength, step, temperature: 1 }, softmax);
      labels.push(tally.add(softmax));
      softmaxOfStep(logits, { rowLength, step, temperature }, softmax);
      probabilities.push([...softmax]);
    }
    found.set(record, { labels, probabilities, decided: tally.label });
  });
  return records.map((record) => found.get(record)!);
}
