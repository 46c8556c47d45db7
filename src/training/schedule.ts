/**
 * Learning-rate schedules. A schedule is pure: the rate of a step follows from the settings, the step's
 * number in its round and the dev losses seen so far in the round, so that resuming and rewinding need
 * no state of their own.
 *
 * @module
 */

/** Settings of a learning-rate schedule. */
export type ScheduleConfig =
  | { readonly kind: "constant" }
  /** Times `factor` at each milestone, given as a fraction of the round's epochs. */
  | { readonly kind: "step"; readonly milestones: readonly number[]; readonly factor: number }
  /** Times `factor` after `patience` epochs without a lower dev loss, down to `minimum`. */
  | {
    readonly kind: "plateau";
    readonly factor: number;
    readonly patience: number;
    readonly minimum: number;
  }
  /**
   * From the full rate to `floor` times it at the round's last step: along half a cosine (Loshchilov and
   * Hutter 2017, equation 5, without restarts) or a line.
   */
  | { readonly kind: "cosine" | "linear"; readonly floor: number }
  /**
   * Up to the full rate and down again in nine tenths of the round, in equal parts, then down to `floor`
   * times the full rate (Smith and Topin 2018, section 2).
   */
  | { readonly kind: "one-cycle"; readonly floor: number };

/** Where and in which round a rate is asked for. */
export interface RateAt {
  /** 0 for the round's first. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the whole round. */
  readonly epochs: number;
  /** The full rate. */
  readonly initial: number;
  /** Epochs in which the rate rises along a line to what the schedule gives; 0 for none. */
  readonly warmup: number;
  /** Of the epochs before this step's, in order. */
  readonly devLosses: readonly number[];
}

/** The learning rate of a step. */
export function learningRateAt(schedule: ScheduleConfig, at: RateAt): number {
  const { step, stepsPerEpoch, epochs, warmup } = at;
  const warmupSteps = Math.round(warmup * stepsPerEpoch);
  // Decays begin where warm-up ends, and reach their floor with the round's last step.
  const decaySteps = epochs * stepsPerEpoch - 1 - warmupSteps;
  const passed = decaySteps > 0 ? Math.max(0, step - warmupSteps) / decaySteps : 0;
  const rate = rateWithoutWarmup(schedule, at, passed);
  return step < warmupSteps ? rate * (step + 1) / (warmupSteps + 1) : rate;
}

/** @param passed How much of a decay is behind this step, 0 to 1. */
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

/** Where one cycle begins and ends, as a share of its peak; a higher floor takes its place. */
const CYCLE_START = 0.1;
/** Share of the round that each half of the cycle takes. */
const CYCLE_HALF = 0.45;

function oneCycle(passed: number, floor: number): number {
  const start = Math.max(CYCLE_START, floor);
  if (passed < CYCLE_HALF) return between(start, 1, passed / CYCLE_HALF);
  if (passed < 2 * CYCLE_HALF) return between(1, start, passed / CYCLE_HALF - 1);
  return between(start, floor, (passed - 2 * CYCLE_HALF) / (1 - 2 * CYCLE_HALF));
}

/** From `from` (share 0) to exactly `to` (share 1). */
function between(from: number, to: number, share: number): number {
  return share >= 1 ? to : from + (to - from) * share;
}

/** How often `patience` epochs have passed in a row without a new lowest loss. */
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
