/**
 * The training loop of one round. It runs in native chunks of a fraction of a second, so that progress is
 * shown and an interrupt is answered. The grouping of steps into chunks does not change a bit.
 *
 * @module
 */
import { Failure } from "../core/errors.ts";
import type { StepInputs } from "./dense_gradient.ts";
import { type EarlyStopping, stopsEarly } from "./early_stopping.ts";
import { startAverages, withAverages } from "./average.ts";
import { evaluate } from "./evaluate.ts";
import { type FailedStep, notFiniteState, whereNotFinite } from "./finite.ts";
import { type EpochRow, type Progress, stepsDone } from "./progress.ts";
import type { Workbench } from "./workbench.ts";

/**
 * What happens at a step whose loss or gradient is not finite. Its update is never applied. "stop" ends
 * the run; "skip" counts the step and continues with the next batch and the next step number of the
 * schedule and the optimiser.
 */
export const ON_NAN = ["stop", "skip"] as const;
export type OnNan = (typeof ON_NAN)[number];

/** The plan of a round's training. */
export interface TrainingPlan {
  readonly epochs: number;
  /**
   * The round whose batches, sign flips and dropout are used; they follow from (seed, round, epoch). Two
   * trainings with the same number have the same noise.
   */
  readonly noiseRound: number;
  /** The learning rate of a step (0 for the first), from the dev losses of the epochs before it. */
  readonly learningRate: (step: number, devLosses: readonly number[]) => number;
  /** Step at which `TrainingObserver.reached` is called, before that update is done; null for none. */
  readonly milestone: number | null;
  /** Ends the round before its epochs are done; null for never. */
  readonly earlyStopping: EarlyStopping | null;
  readonly onNan: OnNan;
  /** Changes of the network's masks between steps; by default there are none. */
  readonly maskChanges?: MaskChanges;
}

/** Changes of a network's masks during a training. */
export interface MaskChanges {
  /** The first change after at least `step` steps: its number of steps; Infinity if there is none. */
  next(step: number): number;
  /**
   * Makes the change after `step` steps. The inputs are those of the step that follows. A repeated
   * change, by a run that is resumed, must be equal.
   *
   * @returns False if it was left out because a number that it needs is not finite.
   */
  change(step: number, inputs: StepInputs): Promise<boolean>;
}

/** The interface for watching training. */
export interface TrainingObserver {
  /** The milestone step has been reached; the network holds its state. */
  reached(progress: Progress): void;
  /** Some steps are done. If it returns true, training ends here; the state can be saved and resumed. */
  advanced(progress: Progress): boolean;
  /** An epoch is done and its row is in `progress`. */
  epochDone(row: EpochRow): void;
}

/** Random streams of sign flips and dropout that the addon counts. */
const STREAMS = 2 ** 32;

/**
 * The random stream of a step. The streams of a round follow those of the previous round, so no two steps
 * of a run share a stream.
 */
function streamOf(
  { noiseRound, epochs }: TrainingPlan,
  { step, stepsPerEpoch }: { step: number; stepsPerEpoch: number },
): number {
  return (noiseRound * epochs * stepsPerEpoch + step) % STREAMS;
}

/** Milliseconds that one native call should take. */
const CHUNK_MS = 150;

/**
 * Trains from `progress`, which is updated in place, to the end of the plan.
 *
 * @returns "stopped" if the observer requested it.
 * @throws {Failure} If a loss or gradient is not finite and the plan says to stop; if the network's own
 *   numbers are not finite, because skipping cannot repair them; or if no step of an epoch could be
 *   applied. The message names the layer.
 */
export async function train(
  bench: Workbench,
  plan: TrainingPlan,
  progress: Progress,
  observer: TrainingObserver,
): Promise<"finished" | "stopped"> {
  if (progress.optimiserSteps === 0) startAverages(bench.network);
  let chunk = 1;
  while (
    progress.rows.length < plan.epochs && !stopsEarly(plan.earlyStopping, progress.rows)
  ) {
    const epoch = progress.rows.length;
    const devLosses = progress.rows.map((row) => row.devLoss);
    const rate = (step: number) => plan.learningRate(step, devLosses);
    const batches = bench.trainingBatches(epoch, plan.noiseRound);
    while (progress.stepsInEpoch < batches.length) {
      const step = stepsDone(progress, batches.length);
      const stream = streamOf(plan, { step, stepsPerEpoch: batches.length });
      if (step === plan.milestone) observer.reached(progress);
      await changeMasks(plan, step, { batch: batches[progress.stepsInEpoch]!, stream });
      const count = Math.min(
        chunk,
        batches.length - progress.stepsInEpoch,
        stepsToNext(plan, step),
      );
      const started = performance.now();
      const done = await runSteps(bench, progress, {
        batches: batches.slice(progress.stepsInEpoch, progress.stepsInEpoch + count),
        rate,
        step,
        stream,
        onNan: plan.onNan,
      });
      const perStep = (performance.now() - started) / done;
      chunk = Math.max(1, Math.min(2 * chunk, Math.floor(CHUNK_MS / perStep)));
      if (observer.advanced(progress)) return "stopped";
    }
    const lastStep = (epoch + 1) * batches.length - 1;
    const row = await endEpoch(bench, progress, { rate: rate(lastStep), steps: batches.length });
    observer.epochDone(row);
  }
  return "finished";
}

/** Number of steps until something happens between two steps. */
function stepsToNext({ milestone, maskChanges }: TrainingPlan, step: number): number {
  return Math.min(
    milestone !== null && milestone > step ? milestone - step : Infinity,
    maskChanges === undefined ? Infinity : maskChanges.next(step + 1) - step,
  );
}

/** Changes the masks if a change is due before this step. @throws {Failure} As the plan says. */
async function changeMasks(
  { maskChanges, onNan }: TrainingPlan,
  step: number,
  inputs: StepInputs,
): Promise<void> {
  if (maskChanges === undefined || maskChanges.next(step) !== step) return;
  if (await maskChanges.change(step, inputs) || onNan === "skip") return;
  throw diverged(step + 1, "a gradient by which pruned weights grow is not finite");
}

/** @returns Number of steps done; fewer than requested if the last one was not applied. */
async function runSteps(
  bench: Workbench,
  progress: Progress,
  options: {
    batches: ReturnType<Workbench["trainingBatches"]>;
    rate: (step: number) => number;
    step: number;
    stream: number;
    onNan: OnNan;
  },
): Promise<number> {
  const { batches, rate, step, stream } = options;
  const size = bench.config.batchSize;
  const records = new Int32Array(batches.length * size);
  batches.forEach((batch, i) => records.set(bench.deviceRecords("train", batch), i * size));
  const { loss, gradientNorm } = await bench.device.run(
    batches.map((batch) => bench.trainingProgram(batch.length)),
    {
      records,
      learningRates: Float32Array.from(batches, (_, i) => rate(step + i)),
      optimizerStep: progress.optimiserSteps + 1,
      stream,
    },
  );
  for (let i = 0; i < loss.length; i++) {
    if (Number.isFinite(loss[i]) && Number.isFinite(gradientNorm[i])) {
      progress.lossSum += loss[i]!;
      progress.gradientNormSum += gradientNorm[i]!;
      continue;
    }
    await leaveOut(bench, { batch: batches[i]!, stream: (stream + i) % STREAMS }, {
      onNan: options.onNan,
      step: step + i + 1,
      what: `loss ${loss[i]}, gradient norm ${gradientNorm[i]}`,
    });
    progress.skipped = (progress.skipped ?? 0) + 1;
  }
  progress.stepsInEpoch += loss.length;
  progress.optimiserSteps += loss.length;
  return loss.length;
}

/** @throws {Failure} Unless the plan says to skip the step and the network is finite. */
async function leaveOut(
  bench: Workbench,
  failed: FailedStep,
  { onNan, what, step }: { onNan: OnNan; what: string; step: number },
): Promise<void> {
  if (onNan === "skip" && notFiniteState(bench) === null) return;
  if (bench.device.name === "cuda") await computeAgain(bench, failed);
  throw diverged(step, `${what}; ${await whereNotFinite(bench, failed)}`);
}

/**
 * Repeats the failed step for its gradients: on a GPU, steps queued after it had no other effect but
 * overwrote them.
 */
async function computeAgain(bench: Workbench, { batch, stream }: FailedStep): Promise<void> {
  await bench.device.run([bench.trainingProgram(batch.length)], {
    records: bench.deviceRecords("train", batch),
    learningRates: Float32Array.of(0),
    optimizerStep: 1,
    stream,
  });
}

function diverged(step: number, what: string): Failure {
  return new Failure(
    `Training diverged at step ${step} of the round: ${what}; that update was not applied and the ` +
      `last saved state is kept: lower --learning-rate, or set --on-nan skip if only single batches cause it`,
  );
}

async function endEpoch(
  bench: Workbench,
  progress: Progress,
  options: { rate: number; steps: number },
): Promise<EpochRow> {
  const applied = options.steps - (progress.skipped ?? 0);
  if (applied === 0) {
    throw diverged(stepsDone(progress, options.steps), "no step of the epoch could be applied");
  }
  const { scores } = await withAverages(bench.network, () => evaluate(bench, "dev"));
  const row: EpochRow = {
    epoch: progress.rows.length + 1,
    step: (progress.rows.length + 1) * options.steps,
    learningRate: options.rate,
    trainLoss: progress.lossSum / applied,
    gradientNorm: progress.gradientNormSum / applied,
    devLoss: scores.loss,
    devAccuracy: scores.accuracy,
    devScore: scores.score,
    skipped: progress.skipped ?? 0,
  };
  progress.rows.push(row);
  progress.stepsInEpoch = 0;
  progress.lossSum = 0;
  progress.gradientNormSum = 0;
  progress.skipped = 0;
  return row;
}
