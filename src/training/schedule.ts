/**
 * Learning-rate schedules. A schedule is a pure function: the rate of a step follows from the settings, the
 * step's number in its round, and the dev losses so far in the round. Resuming and rewinding therefore
 * need no extra state.
 *
 * @module
 */

/** Settings of a learning-rate schedule. */
export type ScheduleConfig =
  | { readonly kind: "constant" }
  /** Multiplies the rate by `factor` at each milestone, a fraction of the round's epochs. */
  | { readonly kind: "step"; readonly milestones: readonly number[]; readonly factor: number }
  /** Multiplies the rate by `factor` after `patience` epochs without a lower dev loss, down to `minimum`. */
  | {
    readonly kind: "plateau";
    readonly factor: number;
    readonly patience: number;
    readonly minimum: number;
  }
  /**
   * Goes from the full rate to `floor` times that rate at the round's last step, along half a cosine
   * (Loshchilov and Hutter 2017, equation 5, without restarts) or a line.
   */
  | { readonly kind: "cosine" | "linear"; readonly floor: number }
  /**
   * Rises to the full rate and falls again in nine tenths of the round, in equal parts, then falls to `floor`
   * times the full rate (Smith and Topin 2018, section 2).
   */
  | { readonly kind: "one-cycle"; readonly floor: number };

/** The step and the round of a learning rate. */
export interface RateAt {
  /** 0 for the round's first. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the whole round. */
  readonly epochs: number;
  /** The full rate. */
  readonly initial: number;
  /** Epochs in which the rate rises linearly to the schedule's rate; 0 for none. */
  readonly warmup: number;
  /** Dev losses of the epochs before this step's epoch, in order. */
  readonly devLosses: readonly number[];
}

/** The learning rate of a step. */
export function learningRateAt(schedule: ScheduleConfig, at: RateAt): number {
  const { step, stepsPerEpoch, epochs, warmup } = at;
  const warmupSteps = Math.round(warmup * stepsPerEpoch);
  // Decays begin at the end of warm-up, and reach their floor at the round's last step.
  const decaySteps = epochs * stepsPerEpoch - 1 - warmupSteps;
  const passed = decaySteps > 0 ? Math.max(0, step - warmupSteps) / decaySteps : 0;
  const rate = rateWithoutWarmup(schedule, at, passed);
  return step < warmupSteps ? rate * (step + 1) / (warmupSteps + 1) : rate;
}

/** @param passed Share of the decay before this step, 0 to 1. */
function rateWithoutWarmup(schedule: ScheduleConfig, at: RateAt, passed: number): number {
  const { epochs, initial, devLosses } = at;
  switch (schedule.kind) {
    case "constant":
      return initial;
    case "step": {
      const epoch = Math.floor(at.step / at.stepsPerEpoch);
      const drops = schedule.milestones.filter((m) => epoch >= Math.round(m * epochs)).length;
      return initial * schedule.factor ** drops;
    }
    case "plateau":
      return Math.max(
        Math.min(initial, schedule.minimum),
        initial * schedule.factor ** plateaus(devLosses, schedule.patience),
      );
    case "cosine":
      return initial * between(1, schedule.floor, (1 - Math.cos(Math.PI * passed)) / 2);
    case "linear":
      return initial * between(1, schedule.floor, passed);
    case "one-cycle":
      return initial * oneCycle(passed, schedule.floor);
  }
}

/** Start and end of one cycle, as a share of its peak; a higher floor replaces it. */
const CYCLE_START = 0.1;
/** Share of the round that each half of the cycle takes. */
const CYCLE_HALF = 0.45;

function oneCycle(passed: number, floor: number): number {
  const start = Math.max(CYCLE_START, floor);
  if (passed < CYCLE_HALF) return between(start, 1, passed / CYCLE_HALF);
  if (passed < 2 * CYCLE_HALF) return between(1, start, passed / CYCLE_HALF - 1);
  return between(start, floor, (passed - 2 * CYCLE_HALF) / (1 - 2 * CYCLE_HALF));
}

/** Interpolates from `from` (share 0) to exactly `to` (share 1). */
function between(from: number, to: number, share: number): number {
  return share >= 1 ? to : from + (to - from) * share;
}

/** Number of times that `patience` epochs in a row had no new lowest loss. */
function plateaus(losses: readonly number[], patience: number): number {
  let best = Infinity;
  let waited = 0;
  let count = 0;
  for (const loss of losses) {
    if (loss < best) {
      best = loss;
      waited = 0;
    } else if (++waited >= patience) {
      count++;
      waited = 0;
    }
  }
  return count;
}
