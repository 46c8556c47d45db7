/**
 * Networks with made-up numbers, for measurements and tests that do not depend on training.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import { heNormal } from "../model/initializers.ts";
import type { TrainedNetwork } from "./network.ts";
import { channelsOf, type Graph, NORM_TENSORS } from "../model/graph.ts";
import type { ResNet1dConfig } from "../model/networks/resnet1d.ts";

/** How weights survive: drawn uniformly at random, or the largest over all layers together. */
export type MaskKind = "uniform" | "global";

/** The residual network at full size: 33 convolutions of width 16 and the head, 10,454,528 weights. */
export const FULL_SHAPE: ResNet1dConfig = {
  filters: 32,
  kernel: 16,
  blocks: 16,
  blocksPerStage: 4,
  classes: 4,
};

/**
 * He weights of which `density` survives, with norms and biases around their initial values.
 *
 * @param options.density From 0 to 1, over all weights.
 */
export function madeNetwork(
  graph: Graph,
  options: { density: number; maskKind: MaskKind; seed: number },
): TrainedNetwork {
  const { density, maskKind, seed } = options;
  const rng = createRng(seed, "made-network");
  const around = (length: number, { middle, spread }: { middle: number; spread: number }) =>
    Float32Array.from({ length }, () => middle + spread * (2 * rng.next() - 1));
  const tensors = new Map<string, Float32Array>();
  const weights: Float32Array[] = [];
  const channels = channelsOf(graph);
  for (const node of graph.nodes) {
    const { name } = node;
    const inChannels = channels.get(node.input)!;
    if (node.op === "shortcut") continue;
    if (node.op === "conv") {
      const shape = [node.channels, inChannels, node.kernel] as const;
      const weight = heNormal(shape, { mode: "fan-in", seed, name });
      weights.push(weight);
      tensors.set(`${name}.weight`, weight);
      tensors.set(`${name}.bias`, around(node.channels, { middle: 0, spread: 0.2 }));
      continue;
    }
    for (const tensor of NORM_TENSORS) {
      const unit = tensor === "gamma" || tensor === "running_variance";
      tensors.set(
        `${name}.${tensor}`,
        around(inChannels, { middle: unit ? 1 : 0, spread: unit ? 0.3 : 0.2 }),
      );
    }
  }
  if (density < 1) {
    if (maskKind === "uniform") keepUniformly(weights, { density, seed });
    else keepLargest(weights, density);
  }
  return { graph, epsilon: 1e-3, tensors };
}

/** A square-wave-like trace with noise [length], already normalised. */
export function madeSamples(length: number, seed = 1): Float32Array {
  const rng = createRng(seed, "made-samples");
  return Float32Array.from({ length }, (_, i) => (i % 240 < 12 ? 3 : -0.2) + rng.next() - 0.5);
}

function keepUniformly(
  weights: readonly Float32Array[],
  { density, seed }: { density: number; seed: number },
): void {
  const rng = createRng(seed, "made-mask");
  for (const weight of weights) {
    for (let i = 0; i < weight.length; i++) if (rng.next() >= density) weight[i] = 0;
  }
}

function keepLargest(weights: readonly Float32Array[], density: number): void {
  const total = weights.reduce((sum, { length }) => sum + length, 0);
  const magnitudes = new Float32Array(total);
  let at = 0;
  for (const weight of weights) for (const value of weight) magnitudes[at++] = Math.abs(value);
  magnitudes.sort();
  const keep = Math.round(density * total);
  const least = keep > 0 ? magnitudes[total - keep]! : Infinity;
  for (const weight of weights) {
    for (let i = 0; i < weight.length; i++) if (Math.abs(weight[i]!) < least) weight[i] = 0;
  }
}
