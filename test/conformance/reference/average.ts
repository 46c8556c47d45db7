/**
 * One step of a bias-corrected exponential moving average.
 *
 * @module
 */
import type { Summed } from "./signals.ts";

/** How far the average moves in the step, from 1, so that it is the weighted mean of all steps. */
export function averageShare({ decay, step }: { decay: number; step: number }): number {
  return (1 - decay) / (1 - decay ** step);
}

/** The average after a step. */
export function averageStep(
  average: Float64Array,
  value: Float64Array,
  options: { decay: number; step: number },
): Summed<Float64Array> {
  const share = averageShare(options);
  return {
    value: average.map((a, i) => a + share * (value[i]! - a)),
    terms: average.map((a, i) => Math.abs(a) + share * (Math.abs(value[i]!) + Math.abs(a))),
  };
}
