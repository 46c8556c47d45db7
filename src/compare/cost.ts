/**
 * The cost of training a network, and how fast it learned.
 *
 * @module
 */
import { iterationOf, parseStepPoint } from "../core/step.ts";
import { controlPolicy, runsWholeSchedule } from "../config/controls.ts";
import { isSingleTraining } from "../config/modes.ts";
import type { RoundSummary } from "../results/summary.ts";
import { isContinued, isSmallDense } from "./check.ts";
import { baseOf, type Network } from "./levels.ts";
import { rewinds, setting } from "./method.ts";
import type { Run } from "./run.ts";

/** The training that a network took from initialisation on: all rounds before it and its own. */
export interface Cost {
  epochs: number;
  /** Epochs that the weights themselves were trained for, without rounds that only found the mask. */
  weightEpochs: number;
  /** Updates. */
  steps: number;
  /** Epochs weighted by the surviving multiply-adds: 1 is an epoch of the dense network. */
  denseEpochs: number;
  /**
   * Nominal multiply-adds: 3 (forward, input and weight gradients) * multiply-adds of the surviving
   * weights on the 30 s reference record * training records * epochs.
   */
  macs: number;
  /** Wall-clock seconds of this training on the machine it ran on; null where they were not recorded. */
  seconds: number | null;
}

/**
 * The cost of a network. A ticket needs every round up to it. A control takes its mask from its base, so it
 * also needs the denser rounds of the base, or its single training. A small dense network needs only its
 * own training. A dense network that is trained on needs the base's dense round and its own rounds up to
 * it. Null if the base is not among `runs`.
 */
export function costOf({ run, round }: Network, runs: readonly Run[]): Cost | null {
  const base = baseOf(run, runs);
  if (run.control && !base) return null;
  const continued = isContinued(run);
  const needed: Network[] = run.summary.rounds
    .filter((other) => run.control && !continued ? other === round : other.round <= round.round)
    .map((other) => ({ run, round: other }));
  if (base && !isSmallDense(run)) {
    const single = isSingleTraining(base.summary.mode);
    const before = base.summary.rounds.filter((other) =>
      continued ? other.round === 0 : single || other.kept > round.kept
    );
    needed.push(...before.map((other) => ({ run: base, round: other })));
  }
  const dense = base ? base.summary.rounds[0]! : round;
  const all = needed.map((network) => trainingOf(network, dense.denseMacs)).reduce((a, b) => ({
    epochs: a.epochs + b.epochs,
    steps: a.steps + b.steps,
    denseEpochs: a.denseEpochs + b.denseEpochs,
    macs: a.macs + b.macs,
    seconds: a.seconds === null || b.seconds === null ? null : a.seconds + b.seconds,
  }));
  return { ...all, weightEpochs: weightEpochs({ run, round }, base) };
}

/** Epochs from the first weights to this network, along the weights' own history. */
function weightEpochs({ run, round }: Network, base: Run | null): number {
  const { control, summary } = run;
  const policy = control && controlPolicy(control.kind);
  const before = (own: Run, from: number) =>
    own.summary.rounds.filter((other) => from <= other.round && other.round < round.round)
      .reduce((sum, other) => sum + scheduleEpochs(other), 0);
  const own = scheduleEpochs(round);
  const dense = base ? scheduleEpochs(base.summary.rounds[0]!) : 0;
  if (isContinued(run)) return dense + before(run, 1) + own;
  // The rows of a rewound round include the epochs copied from the dense round.
  if (rewinds(summary.mode) || (policy && runsWholeSchedule(policy))) return own;
  if (!policy || !base) return before(run, 0) + own;
  return (policy.weights === "ticket" ? before(base, 0) : dense) + own;
}

function scheduleEpochs(round: RoundSummary): number {
  return (round.epochs.at(-1)?.step ?? 0) / stepsPerEpoch(round);
}

/** The training of one round alone; `denseMacs` are those of the full network. */
function trainingOf({ run, round }: Network, denseMacs: number): Omit<Cost, "weightEpochs"> {
  const steps = (round.epochs.at(-1)?.step ?? 0) - rewoundSteps({ run, round });
  const epochs = steps / stepsPerEpoch(round);
  const macs = round.training?.macs ?? round.macs;
  const records = run.summary.dataset.counts.train.reduce((sum, count) => sum + count, 0);
  return {
    epochs,
    steps,
    denseEpochs: epochs * macs / denseMacs,
    macs: 3 * macs * records * epochs,
    seconds: secondsOf({ run, round }, epochs),
  };
}

/** Seconds of `epochs` epochs of a round, extrapolated from the epochs that were timed. */
function secondsOf({ run, round }: Network, epochs: number): number | null {
  const timed = run.timing?.rounds.find((entry) => entry.round === round.round);
  return timed && timed.epochs > 0 ? timed.trainSeconds / timed.epochs * epochs : null;
}

/**
 * Epochs of a round's own training until dev first scores at least `threshold` at an epoch's end; null
 * if it never does.
 */
export function epochsToReach(network: Network, threshold: number): number | null {
  const before = rewoundSteps(network);
  const row = network.round.epochs.find(({ step, devScore }) =>
    step > before && devScore >= threshold
  );
  return row ? (row.step - before) / stepsPerEpoch(network.round) : null;
}

/** Updates (with their rows) that a rewound round copies from the dense round instead of computing them. */
function rewoundSteps({ run: { summary, control }, round }: Network): number {
  const point = setting(summary.config, "rewindTo");
  if (control && runsWholeSchedule(controlPolicy(control.kind))) return 0;
  if (round.round === 0 || !rewinds(summary.mode) || typeof point !== "string") return 0;
  return iterationOf(parseStepPoint(point), stepsPerEpoch(round));
}

function stepsPerEpoch({ epochs }: RoundSummary): number {
  return epochs[0]?.step ?? 1;
}
