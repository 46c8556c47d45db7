/**
 * The training loop of one round. It runs in native chunks of a fraction of a second, so that progress
 * stays alive and an interrupt is answered; how steps are grouped into chunks does not change a bit.
 *
 * @module
 */
import { Failure } from "../core/errors.ts";
import { type EarlyStopping, stopsEarly } from "./early_stopping.ts";
import { evaluate } from "./evaluate.ts";
import { type EpochRow, type Progress, stepsDone } from "./progress.ts";
import type { Workbench } from "./workbench.ts";

/** What a round's training is to do. */
export interface TrainingPlan {
  readonly epochs: number;
  /** The learning rate of an epoch (0 for the first), given the dev losses of those before it. */
  readonly learningRate: (epoch: number, devLosses: readonly number[]) => number;
  /** Step at which `TrainingObserver.reached` is called, before that update is done; null for none. */
  readonly milestone: number | null;
  /** Ends the round before its epochs are done; null for never. */
  readonly earlyStopping: EarlyStopping | null;
}

/** Who is told how training goes. */
export interface TrainingObserver {
  /** The milestone step has been reached; the network holds its state. */
  reached(progress: Progress): void;
  /** Some steps are done. Returning true ends training here: the state can be saved and resumed. */
  advanced(progress: Progress): boolean;
  /** An epoch is done and its row is in `progress`. */
  epochDone(row: EpochRow): void;
}

/** Milliseconds that one native call should take. */
const CHUNK_MS = 150;

/**
 * Trains from `progress`, which is updated in place, to the end of the plan.
 *
 * @returns "stopped" if the observer asked for it.
 * @throws {Failure} If the loss or the gradient is no longer a finite number.
 */
export async function train(
  bench: Workbench,
  plan: TrainingPlan,
  progress: Progress,
  observer: TrainingObserver,
): Promise<"finished" | "stopped"> {
  let chunk = 1;
  while (
    progress.rows.length < plan.epochs && !stopsEarly(plan.earlyStopping, progress.rows)
  ) {
    const epoch = progress.rows.length;
    const rate = plan.learningRate(epoch, progress.rows.map((row) => row.devLoss));
    const batches = bench.trainingBatches(epoch);
    while (progress.stepsInEpoch < batches.length) {
      const step = stepsDone(progress, batches.length);
      if (step === plan.milestone) observer.reached(progress);
      const room = plan.milestone !== null && plan.milestone > step
        ? plan.milestone - step
        : Infinity;
      const count = Math.min(chunk, batches.length - progress.stepsInEpoch, room);
      const started = performance.now();
      await runSteps(bench, progress, {
        batches: batches.slice(progress.stepsInEpoch, progress.stepsInEpoch + count),
        rate,
        step,
      });
      const perStep = (performance.now() - started) / count;
      chunk = Math.max(1, Math.min(2 * chunk, Math.floor(CHUNK_MS / perStep)));
      if (observer.advanced(progress)) return "stopped";
    }
    const row = await endEpoch(bench, progress, { rate, steps: batches.length });
    observer.epochDone(row);
  }
  return "finished";
}

async function runSteps(
  bench: Workbench,
  progress: Progress,
  options: { batches: ReturnType<Workbench["trainingBatches"]>; rate: number; step: number },
): Promise<void> {
  const { batches, rate, step } = options;
  const size = bench.config.batchSize;
  const records = new Int32Array(batches.length * size);
  batches.forEach((batch, i) => records.set(bench.deviceRecords("train", batch), i * size));
  const results = await bench.device.run(
    batches.map((batch) => bench.trainingProgram(batch.length)),
    {
      records,
      learningRates: new Float32Array(batches.length).fill(rate),
      optimizerStep: progress.optimiserSteps + 1,
      stream: step,
    },
  );
  for (let i = 0; i < batches.length; i++) {
    const loss = results.loss[i]!;
    const norm = results.gradientNorm[i]!;
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      throw new Failure(
        `Training diverged at step ${
          step + i + 1
        } of the round: loss ${loss}, gradient norm ${norm}; ` +
          `lower --learning-rate or set a clip norm`,
      );
    }
    progress.lossSum += loss;
    progress.gradientNormSum += norm;
  }
  progress.stepsInEpoch += batches.length;
  progress.optimiserSteps += batches.length;
}

async function endEpoch(
  bench: Workbench,
  progress: Progress,
  options: { rate: number; steps: number },
): Promise<EpochRow> {
  const { scores } = await evaluate(bench, "dev");
  const row: EpochRow = {
    epoch: progress.rows.length + 1,
    step: (progress.rows.length + 1) * options.steps,
    learningRate: options.rate,
    trainLoss: progress.lossSum / options.steps,
    gradientNorm: progress.gradientNormSum / options.steps,
    devLoss: scores.loss,
    devAccuracy: scores.accuracy,
    devScore: scores.score,
  };
  progress.rows.push(row);
  progress.stepsInEpoch = 0;
  progress.lossSum = 0;
  progress.gradientNormSum = 0;
  return row;
}
