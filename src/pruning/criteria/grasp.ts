/**
 * GraSP (Wang, Zhang and Grosse 2020, "Picking winning tickets before training by preserving gradient
 * flow"): it keeps the weights without which the gradient would shrink.
 *
 * To first order, a change d of the weights changes the squared norm of the gradient g by
 * 2 d' H g. Removing weight i is d = -w_i e_i and changes it by -2 w_i (H g)_i. If this is very negative,
 * gradient flow suffers most: such weights are kept, and the largest -w (H g) are pruned (algorithm 1).
 * The score for keeping is therefore +w * (H g), with its sign.
 *
 * @module
 */
import { GradientProbe } from "../../training/gradient.ts";
import type { Workbench } from "../../training/workbench.ts";
import { scoringBatches } from "../scoring_batches.ts";
import { highest, type PruningCriterion } from "../criterion.ts";

/**
 * Step of the difference quotient, divided by the norm of the weights. With a shorter step, float32
 * rounding of the gradients shows; with a longer step, more rectifiers switch.
 */
export const RELATIVE_STEP = 1e-3;

/**
 * w * (H g) of every prunable weight of the present network; H g is a central difference of gradients along
 * g. The loss is plain cross-entropy, without the temperature of the authors' code.
 *
 * @returns One array per prunable tensor; the highest scores survive.
 */
export async function graspScores(bench: Workbench): Promise<Float64Array[]> {
  const parameters = bench.network.prunable.map(({ parameter }) => parameter);
  const weights = parameters.map((parameter) => parameter.read("value"));
  using probe = new GradientProbe(bench, scoringBatches(bench));
  const gradients = await probe.measure();
  const length = norm(gradients);
  if (length === 0) return weights.map((tensor) => new Float64Array(tensor.length));
  const step = RELATIVE_STEP * norm(weights) / length;
  const move = (by: number) =>
    parameters.forEach((parameter, t) => {
      const gradient = gradients[t]!;
      parameter.write("value", weights[t]!.map((w, i) => w + by * gradient[i]!));
    });
  move(step);
  const ahead = await probe.measure();
  move(-step);
  const behind = await probe.measure();
  parameters.forEach((parameter, t) => parameter.write("value", weights[t]!));
  return weights.map((tensor, t) =>
    Float64Array.from(tensor, (w, i) => w * (ahead[t]![i]! - behind[t]![i]!) / (2 * step))
  );
}

function norm(tensors: readonly (Float32Array | Float64Array)[]): number {
  let sum = 0;
  for (const tensor of tensors) {
    for (const x of tensor) sum += x * x;
  }
  return Math.sqrt(sum);
}

export const grasp: PruningCriterion = {
  network: "initial",
  description: "without them the gradient at initialisation would shrink: largest w (H g)",
  source: "GraSP: Wang et al. 2020",
  denseScores: graspScores,
  masks: (task) => highest(task, task.denseScores!),
};
