/**
 * What a network says about every step of chosen records.
 *
 * @module
 */
import { planBatches } from "../data/batches.ts";
import { trainingPriors } from "../training/evaluate.ts";
import { predictRecord } from "../training/metrics.ts";
import type { SplitName, Workbench } from "../training/workbench.ts";

/** Of one record. */
export interface StepPredictions {
  /** The class of every step: the largest softmax over training prior [steps]. */
  labels: number[];
  /** Softmax [steps][classes]. */
  probabilities: number[][];
  /** The class that the steps vote for. */
  vote: number;
}

/**
 * Runs the present network over records of a split, in the order given.
 *
 * @param options.records Positions in the split.
 */
export async function predictSteps(
  bench: Workbench,
  options: { split: SplitName; records: readonly number[] },
): Promise<StepPredictions[]> {
  const { split: name, records } = options;
  const split = bench.split(name);
  const priors = trainingPriors(bench);
  const found: StepPredictions[] = new Array(records.length);
  const batches = planBatches(Int32Array.from(records, (record) => split.lengths[record]!), {
    batchSize: bench.config.batchSize,
    shuffle: null,
  });
  for (const batch of batches) {
    const { program, logits } = bench.evaluationProgram(batch.length);
    const chosen = batch.records.map((at) => at < 0 ? -1 : records[at]!);
    await bench.device.run([program], {
      records: bench.deviceRecords(name, { records: chosen, length: batch.length }),
    });
    const values = program.readValue(logits);
    const [, classes, rowLength] = program.valueShape(logits);
    batch.records.forEach((at, slot) => {
      if (at < 0) return;
      const own = values.subarray(slot * classes * rowLength, (slot + 1) * classes * rowLength);
      const record = records[at]!;
      const steps = Math.floor(split.lengths[record]! / bench.network.hop);
      const { label: vote } = predictRecord(own, {
        rowLength,
        steps,
        priors,
        truth: split.labels[record]!,
      });
      const probabilities = Array.from(
        { length: steps },
        (_, t) => softmax(own, { t, rowLength, classes }),
      );
      const labels = probabilities.map((row) => largest(row.map((p, c) => p / priors[c]!)));
      found[at] = { labels, probabilities, vote };
    });
  }
  return found;
}

/** @param logits [classes, rowLength] of one record. */
function softmax(
  logits: Float32Array,
  { t, rowLength, classes }: { t: number; rowLength: number; classes: number },
): number[] {
  const column = Array.from({ length: classes }, (_, c) => logits[c * rowLength + t]!);
  const top = Math.max(...column);
  const powers = column.map((value) => Math.exp(value - top));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

function largest(values: readonly number[]): number {
  return values.reduce((best, value, i) => value > values[best]! ? i : best, 0);
}
