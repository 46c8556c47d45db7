/**
 * Learning-rate schedules. A schedule is pure: the rate of an epoch follows from the settings and the
 * dev losses seen so far in this round, so that resuming needs no state of its own.
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
  };

/**
 * The learning rate of an epoch.
 *
 * @param schedule Settings.
 * @param options.epoch 0 for the first.
 * @param options.epochs Of the whole round.
 * @param options.initial The first epoch's rate.
 * @param options.devLosses Of the epochs before this one, in order.
 */
export function learningRateAt(
  schedule: ScheduleConfig,
  options: { epoch: number; epochs: number; initial: number; devLosses: readonly number[] },
): number {
  const { epoch, epochs, initial, devLosses } = options;
  switch (schedule.kind) {
    case "constant":
      return initial;
    case "step": {
      const passed = schedule.milestones.filter((m) => epoch >= Math.round(m * epochs)).length;
      return initial * schedule.factor ** passed;
    }
    case "plateau":
      return Math.max(
        Math.min(initial, schedule.minimum),
        initial * schedule.factor ** plateaus(devLosses, schedule.patience),
      );
  }
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
