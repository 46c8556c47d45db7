/**
 * Training steps by density.
 *
 * @module
 */
import { countWeights } from "../src/pruning/prune.ts";
import type { Workbench } from "../src/training/workbench.ts";
import { layerDensities, type MaskSource } from "./masks.ts";
import { type Repeats, type StepTime, timeStep } from "./step_time.ts";

/** A step at one density. */
export interface StepTiming extends StepTime {
  /** The requested density. */
  readonly asked: number;
  /** Share of the prunable weights that survives. */
  readonly density: number;
  /** The same for each prunable tensor. */
  readonly layers: Readonly<Record<string, number>>;
}

/** Times every density in turn on one network. */
export async function benchSteps(
  bench: Workbench,
  options: Repeats & { length: number; densities: readonly number[]; masks: MaskSource },
): Promise<StepTiming[]> {
  const timings: StepTiming[] = [];
  for (const asked of options.densities) {
    options.masks.apply(bench, asked);
    const { kept, prunable } = countWeights(bench.network);
    const layers = Object.fromEntries(layerDensities(bench.network));
    const time = await timeStep(bench, options);
    timings.push({ asked, density: kept / prunable, layers, ...time });
  }
  return timings;
}

/**
 * Sentences about densities whose step is slower than that of the next higher one.
 *
 * @param tolerance Relative difference that counts as equal: the variation of repeated measurements.
 */
export function slowerThanDenser(timings: readonly StepTiming[], tolerance = 0.02): string[] {
  const sorted = [...timings].sort((a, b) => b.density - a.density);
  return sorted.slice(1).flatMap(({ density, median }, i) => {
    const denser = sorted[i]!;
    if (density === denser.density || median <= denser.median * (1 + tolerance)) return [];
    return [
      `density ${density.toPrecision(2)} takes ${median.toFixed(0)} ms, ` +
      `${denser.density.toPrecision(2)} only ${denser.median.toFixed(0)} ms`,
    ];
  });
}
