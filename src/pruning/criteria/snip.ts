/**
 * SNIP (Lee, Ajanthan and Torr 2019, "SNIP: single-shot network pruning based on connection
 * sensitivity"): how much the loss at initialisation changes when a weight is scaled.
 *
 * @module
 */
import { GradientProbe } from "../../training/gradient.ts";
import type { Workbench } from "../../training/workbench.ts";
import { scoringBatches } from "../scoring_batches.ts";
import { highest, type PruningCriterion } from "../criterion.ts";

/**
 * |w * dL/dw| of every prunable weight of the present network. (The paper divides by the sum, which does
 * not change the order.)
 *
 * @returns One array per prunable tensor; the highest scores survive.
 */
export async function snipScores(bench: Workbench): Promise<Float64Array[]> {
  using probe = new GradientProbe(bench, scoringBatches(bench));
  const gradients = await probe.measure();
  return bench.network.prunable.map(({ parameter }, t) => {
    const weights = parameter.read("value");
    return gradients[t]!.map((gradient, i) => Math.abs(weights[i]! * gradient));
  });
}

export const snip: PruningCriterion = {
  network: "initial",
  description: "largest |w dL/dw| at initialisation",
  source: "SNIP: Lee et al. 2019",
  denseScores: snipScores,
  masks: (task) => highest(task, task.denseScores!),
};
