/**
 * Scores of the present network on a split.
 *
 * @module
 */
import { type Batch, planBatches } from "../data/batches.ts";
import type { RecordLogits } from "./calibration.ts";
import { deciderOf, type Prediction, predictRecord, priorsOf } from "./decision.ts";
import type { Decider } from "./tally.ts";
import { averagedLogits } from "./flip_average.ts";
import { metricFor, type Scores, scoresOf } from "./metrics.ts";
import type { SplitName, Workbench } from "./workbench.ts";

/** Scores and, in the order of the split's records, each record's prediction. */
export interface Evaluation {
  readonly scores: Scores;
  readonly predictions: readonly Prediction[];
}

/**
 * Runs the network with its running statistics over every record of a split and decides each record by the
 * run's rule.
 *
 * @param bench Network, data and device.
 * @param name The split; it must not be empty.
 * @param decider By default the run's decider.
 */
export async function evaluate(
  bench: Workbench,
  name: SplitName,
  decider: Decider = runDecider(bench),
): Promise<Evaluation> {
  const split = bench.split(name);
  const predictions: Prediction[] = new Array(split.lengths.length);
  await visitLogits(bench, { split: name }, (record, { logits, rowLength, steps }) => {
    const truth = split.labels[record]!;
    predictions[record] = predictRecord(logits, { rowLength, steps, decider, truth });
  });
  return { scores: scoresIn(bench, name, predictions), predictions };
}

/** Scores of predictions in the order of a split's records. */
function scoresIn(
  bench: Workbench,
  name: SplitName,
  predictions: readonly Prediction[],
): Scores {
  const { classes } = bench.dataset;
  const { labels: truths } = bench.split(name);
  return scoresOf(predictions, { truths, classes, metric: metricFor(classes) });
}

/** Reads the logits of every record of a split, for decisions and calibration. */
export async function readLogits(bench: Workbench, name: SplitName): Promise<RecordLogits[]> {
  const found: RecordLogits[] = new Array(bench.split(name).lengths.length);
  await visitLogits(bench, { split: name }, (record, { logits, rowLength, steps }) => {
    const classes = logits.length / rowLength;
    const values = new Float32Array(classes * steps);
    for (let c = 0; c < classes; c++) {
      values.set(logits.subarray(c * rowLength, c * rowLength + steps), c * steps);
    }
    found[record] = { values, steps };
  });
  return found;
}

/** Like {@linkcode evaluate}, from logits that were already read. */
export function decideLogits(
  bench: Workbench,
  name: SplitName,
  { logits, decider = runDecider(bench) }: {
    logits: readonly RecordLogits[];
    decider?: Decider;
  },
): Evaluation {
  const { labels } = bench.split(name);
  const predictions = logits.map(({ values, steps }, i) =>
    predictRecord(values, { rowLength: steps, steps, decider, truth: labels[i]! })
  );
  return { scores: scoresIn(bench, name, predictions), predictions };
}

/** The logits [classes, rowLength] of one record; only the leading `steps` belong to it. */
export interface VisitedLogits {
  readonly logits: Float32Array;
  readonly rowLength: number;
  readonly steps: number;
}

/**
 * Runs the network over records of a split and passes the logits of each to `visit`, with sign-flip
 * averaging if the run has it. While the device computes a batch, the previous batch is visited.
 *
 * @param options.records Positions in the split; all by default.
 * @param visit `record` is the position in the split. The logits are valid until it returns.
 */
export async function visitLogits(
  bench: Workbench,
  { split: name, records }: { split: SplitName; records?: readonly number[] },
  visit: (record: number, logits: VisitedLogits) => void,
): Promise<void> {
  const { hop } = bench.network;
  const { lengths } = bench.split(name);
  const handOver = ({ batch, values, classes, rowLength }: Computed) =>
    batch.records.forEach((record, slot) => {
      if (record < 0) return;
      const first = slot * classes * rowLength;
      visit(record, {
        logits: values.subarray(first, first + classes * rowLength),
        rowLength,
        steps: Math.floor(lengths[record]! / hop),
      });
    });
  let before: Computed | null = null;
  const batches = records ? chosenBatches(bench, name, records) : bench.evaluationBatches(name);
  for (const batch of batches) {
    const running = computed(bench, name, batch);
    try {
      if (before) handOver(before);
    } finally {
      await running; // wait for the work that is still running
    }
    before = await running;
  }
  if (before) handOver(before);
}

/** A batch with its logits [N, classes, rowLength]. */
interface Computed {
  readonly batch: Batch;
  readonly values: Float32Array;
  readonly classes: number;
  readonly rowLength: number;
}

async function computed(bench: Workbench, name: SplitName, batch: Batch): Promise<Computed> {
  const plain = await logitsOf(bench, name, { batch, negate: false });
  if (!bench.config.flipAverage) return plain;
  const negated = await logitsOf(bench, name, { batch, negate: true });
  return { ...plain, values: averagedLogits(plain.values, negated.values, plain) };
}

async function logitsOf(
  bench: Workbench,
  name: SplitName,
  { batch, negate }: { batch: Batch; negate: boolean },
): Promise<Computed> {
  const { program, logits } = bench.evaluationProgram(batch.length, negate);
  await bench.device.run([program], { records: bench.deviceRecords(name, batch) });
  const [, classes, rowLength] = program.valueShape(logits);
  return { batch, values: program.readValue(logits), classes, rowLength };
}

function chosenBatches(bench: Workbench, name: SplitName, records: readonly number[]): Batch[] {
  const { lengths } = bench.split(name);
  return planBatches(Int32Array.from(records, (record) => lengths[record]!), {
    batchSize: bench.config.batchSize,
    shuffle: null,
  }).map((batch) => ({ ...batch, records: batch.records.map((at) => at < 0 ? -1 : records[at]!) }));
}

/** The run's decision rule with the priors of its training records. */
export function runDecider(bench: Workbench): Decider {
  const { config: { rule }, network: { hop }, dataset: { classes } } = bench;
  const { priorUnit: unit } = rule;
  return deciderOf(rule, priorsOf(bench.split("train"), { classes: classes.length, hop, unit }));
}
