/**
 * A network as data: nodes in the order of the forward pass, which read earlier nodes by name. All code
 * that trains, prunes, counts, exports or draws a network walks its graph; no code knows a topology.
 *
 * @module
 */

/** A network. Its last node is the head, whose output [N, classes, T] are the logits. */
export interface Graph {
  /** Name in reports and files, e.g. "resnet1d". */
  readonly name: string;
  /** A few words for messages, e.g. "8 filters, kernel 16". */
  readonly description?: string;
  /** The nodes in the order of the forward pass. Files and ties between weights have the same order. */
  readonly nodes: readonly Node[];
}

/** One operation of a network. */
export type Node = ConvNode | NormNode | ShortcutNode;

/** Name of the recording [N, 1, L], which the first nodes read. */
export const INPUT = "input";

/** A biased SAME convolution [N, Cin, L] -> [N, channels, ceil(L / stride)], plus `add`. */
export interface ConvNode {
  /** Kind of node. */
  readonly op: "conv";
  /** Unique in the graph; its tensors are stored under it. */
  readonly name: string;
  /** The name of an earlier node, or {@linkcode INPUT}. */
  readonly input: string;
  /** Output channels. */
  readonly channels: number;
  /** Taps of a filter. */
  readonly kernel: number;
  /** 1 or 2. */
  readonly stride: number;
  /** A node of the output's shape that is added to it. */
  readonly add?: string;
}

/** Batch normalisation, then ReLU, then, in training, dropout. */
export interface NormNode {
  /** Kind of node. */
  readonly op: "norm";
  /** Unique in the graph; its tensors are stored under it. */
  readonly name: string;
  /** The name of an earlier node, or {@linkcode INPUT}. */
  readonly input: string;
  /** Whether negative results become 0. */
  readonly relu: boolean;
  /** Rate, 0 to < 1. */
  readonly dropout: number;
}

/** Max-pooling by the stride, then zero channels after the existing ones up to `channels`. */
export interface ShortcutNode {
  /** Kind of node. */
  readonly op: "shortcut";
  /** Unique in the graph. */
  readonly name: string;
  /** The name of an earlier node, or {@linkcode INPUT}. */
  readonly input: string;
  /** Output channels, at least those of the input. */
  readonly channels: number;
  /** 1 or 2. */
  readonly stride: number;
}

/** Name and shape of a tensor. */
export interface TensorShape {
  /** Name in files: the node's name and the tensor's, e.g. "stem.weight". */
  readonly name: string;
  /** Extents, the outermost first. */
  readonly shape: readonly number[];
}

/** A convolution's weight: shape [Cout, Cin, K]. */
export interface PrunableShape {
  /** Name in files, e.g. "stem.weight". */
  readonly name: string;
  /** [Cout, Cin, K] */
  readonly shape: readonly [number, number, number];
}

/** The tensors of a norm, in the order of files. */
export const NORM_TENSORS = ["gamma", "beta", "running_mean", "running_variance"] as const;

/** The weight of each convolution, in the order of the forward pass. Only these can be pruned. */
export function prunableTensors(graph: Graph): PrunableShape[] {
  const channels = channelsOf(graph);
  return graph.nodes.flatMap((node) =>
    node.op === "conv"
      ? [{
        name: `${node.name}.weight`,
        shape: [node.channels, channels.get(node.input)!, node.kernel] as const,
      }]
      : []
  );
}

/** Number of prunable weights of a network. */
export function prunableWeights(graph: Graph): number {
  return prunableTensors(graph)
    .reduce((sum, { shape: [out, inner, kernel] }) => sum + out * inner * kernel, 0);
}

/** Every tensor of a network, running statistics included, in the order of the forward pass. */
export function tensorsOf(graph: Graph): TensorShape[] {
  const channels = channelsOf(graph);
  return graph.nodes.flatMap((node): TensorShape[] => {
    if (node.op === "shortcut") return [];
    if (node.op === "norm") {
      const shape = [channels.get(node.name)!];
      return NORM_TENSORS.map((tensor) => ({ name: `${node.name}.${tensor}`, shape }));
    }
    const shape = [node.channels, channels.get(node.input)!, node.kernel];
    return [
      { name: `${node.name}.weight`, shape },
      { name: `${node.name}.bias`, shape: [node.channels] },
    ];
  });
}

/** Output channels by node, including the network's input. */
export function channelsOf({ nodes }: Graph): Map<string, number> {
  const channels = new Map([[INPUT, 1]]);
  for (const node of nodes) {
    channels.set(node.name, outChannelsOf(node, channels.get(node.input)!));
  }
  return channels;
}

/** Output channels of a node that reads `inChannels`. */
export function outChannelsOf(node: Node, inChannels: number): number {
  return node.op === "norm" ? inChannels : node.channels;
}

/** Describes a network in a few words. */
export function describeGraph({ name, description, nodes }: Graph): string {
  return description ?? `${name}, ${nodes.filter(({ op }) => op === "conv").length} convolutions`;
}

/** The names of the nodes that a node reads, its `input` first. */
export function readsOf(node: Node): string[] {
  return node.op === "conv" && node.add !== undefined ? [node.input, node.add] : [node.input];
}

/** The factor by which a node shortens its input. */
export function strideOf(node: Node): number {
  return node.op === "norm" ? 1 : node.stride;
}
