/**
 * A trained network as plain numbers, independent of any device. Every export starts from it.
 *
 * @module
 */
import { loadAddon } from "../addon/addon.ts";
import type { InferenceNode, Isa, NativeInference } from "../addon/native.ts";
import { Failure } from "../core/errors.ts";
import type { Snapshot } from "../training/snapshot.ts";
import { analyse } from "../model/analyse.ts";
import { type Graph, tensorsOf } from "../model/graph.ts";

/** A network with all its numbers. */
export interface TrainedNetwork {
  readonly graph: Graph;
  /** Added to every running variance. */
  readonly epsilon: number;
  /**
   * Tensors by their names in checkpoints, without prefixes. A convolution `stem` has `stem.weight`
   * [Cout, Cin, K] and `stem.bias`; a norm `stem.norm` has `stem.norm.gamma`, `.beta`, `.running_mean` and
   * `.running_variance`. Pruned weights are exactly 0.
   */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /**
   * Only if weights were rounded (quantise.ts): the unit of each output channel [Cout], by
   * convolution. Weights are whole multiples of their unit.
   */
  readonly units?: ReadonlyMap<string, Float32Array>;
}

/** One tensor. @throws {Failure} If the network lacks it. */
export function tensorOf(network: TrainedNetwork, name: string): Float32Array {
  const data = network.tensors.get(name);
  if (data === undefined) throw new Failure(`The network has no tensor ${name}`);
  return data;
}

/**
 * The network in the checkpoint of a finished round.
 *
 * @param snapshot Contents of a round's `end.safetensors`.
 * @throws {Failure} If a tensor is missing or its size does not fit the graph.
 */
export function networkOfSnapshot(
  snapshot: Snapshot,
  { graph, epsilon }: { graph: Graph; epsilon: number },
): TrainedNetwork {
  const tensors = new Map<string, Float32Array>();
  for (const { name, shape: extents } of tensorsOf(graph)) {
    const key = `${/running_/.test(name) ? "buffer" : "value"}/${name}`;
    const data = snapshot.get(key)?.data;
    const size = extents.reduce((product, n) => product * n, 1);
    if (!(data instanceof Float32Array) || data.length !== size) {
      throw new Failure(
        `The checkpoint's tensor ${key} does not hold the ${size} numbers of shape [${extents}]`,
      );
    }
    tensors.set(name, data);
  }
  return { graph, epsilon, tensors };
}

/**
 * Opens the network in the sparse engine, which runs on the calling thread.
 *
 * @throws {RangeError} If a number is not finite.
 */
export function openInference(
  network: TrainedNetwork,
  { isa = "automatic" }: { isa?: Isa } = {},
): NativeInference {
  const tensor = (name: string) => tensorOf(network, name);
  const nodes = analyse(network.graph).nodes.map(({ node, input, add }): InferenceNode => {
    const { name } = node;
    const read = { name, input: input + 1 };
    if (node.op === "shortcut") {
      return { op: "shortcut", ...read, channels: node.channels, stride: node.stride };
    }
    if (node.op === "norm") {
      return {
        op: "norm",
        ...read,
        relu: node.relu,
        gamma: tensor(`${name}.gamma`),
        beta: tensor(`${name}.beta`),
        mean: tensor(`${name}.running_mean`),
        variance: tensor(`${name}.running_variance`),
      };
    }
    const { channels, kernel, stride } = node;
    return {
      op: "conv",
      ...read,
      ...(add === null ? {} : { add: add + 1 }),
      channels,
      kernel,
      stride,
      weight: tensor(`${name}.weight`),
      bias: tensor(`${name}.bias`),
    };
  });
  return new (loadAddon().Inference)({ nodes, epsilon: network.epsilon, isa });
}
