/**
 * The number of weights left during a single training.
 *
 * @module
 */
import { parseConfig } from "../config/config.ts";
import { UsageError } from "../core/errors.ts";
import { stretchesOf } from "../pruning/mask_policies.ts";
import type { RoundSummary } from "../results/summary.ts";

/**
 * Weights left in the last step of every epoch of `round`. The record has no such column, but masks change as the
 * settings say, at known steps and to exact numbers of weights.
 *
 * @returns null if the number is the same in all epochs, or does not follow from these settings.
 */
export function keptByEpoch(
  { epochs, kept, prunable: total }: RoundSummary,
  config: Readonly<Record<string, unknown>>,
): number[] | null {
  const first = epochs[0];
  if (!first) return null;
  let sizes: Size[];
  try {
    const { pruning, training } = parseConfig(config, "the settings of the run");
    const stepsPerEpoch = first.step / first.epoch;
    const length = { steps: training.epochs * stepsPerEpoch, stepsPerEpoch };
    sizes = sizesOf(stretchesOf(pruning, { total, ...length }));
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
  const found = epochs.map(({ step }) => sizes.findLast(({ after }) => after < step)!.kept);
  return found.at(-1) === kept && found[0] !== kept ? found : null;
}

/** Number of weights left from the step after `after` on. */
interface Size {
  readonly after: number;
  readonly kept: number;
}

function sizesOf(stretches: ReturnType<typeof stretchesOf>): Size[] {
  let after = 0;
  return stretches.map(({ updates, kept }) => {
    const size = { after, kept };
    after += updates;
    return size;
  });
}
