/**
 * Derives facts from a graph: the readers of each node, channels, lengths and reach.
 *
 * @module
 */
import { type Graph, INPUT, type Node, outChannelsOf, readsOf, strideOf } from "./graph.ts";

/** A node with the facts that follow from its place in the graph. */
export interface AnalysedNode {
  /** The node itself. */
  readonly node: Node;
  /** Index in the graph's list. */
  readonly index: number;
  /** Index of the node that it reads; -1 for the network's input. */
  readonly input: number;
  /** Index of the node that a convolution adds; null for none. */
  readonly add: number | null;
  /** Channels that it reads. */
  readonly inChannels: number;
  /** Channels of its output. */
  readonly outChannels: number;
  /** Samples of the network's input per position of the node's input. */
  readonly samplesPerInput: number;
  /** Samples of the network's input per position of its output. */
  readonly samplesPerOutput: number;
  /** Largest distance, in samples, from which an input sample can change an output position. */
  readonly reach: number;
  /** Indices of the nodes that read its output, in order, including those that add it. */
  readonly readers: readonly number[];
}

/** A network with the facts that follow from its graph. */
export interface Analysis {
  /** The graph that was analysed. */
  readonly graph: Graph;
  /** In the order of the graph. */
  readonly nodes: readonly AnalysedNode[];
  /** The last node: its outputs are the logits. */
  readonly head: AnalysedNode;
  /** Number of classes: channels of the head. */
  readonly classes: number;
  /** Samples per prediction: the product of the strides on every path to the head. */
  readonly hop: number;
  /**
   * Largest distance, in samples, from which an input sample can change a step's logits. A convolution looks
   * kernel - 1 positions around, a shortcut not beyond its step.
   */
  readonly reach: number;
}

/**
 * Follows a graph from its input to its head.
 *
 * @param graph A valid graph: from a builder in `networks/`, or checked by graph_problems.ts.
 */
export function analyse(graph: Graph): Analysis {
  const indices = new Map<string, number>([[INPUT, -1]]);
  const readers: number[][] = graph.nodes.map(() => []);
  const nodes: AnalysedNode[] = [];
  const source = { outChannels: 1, samplesPerOutput: 1, reach: 0 };
  for (const [index, node] of graph.nodes.entries()) {
    const [input, add = null] = readsOf(node).map((name) => indices.get(name)!);
    const read = nodes[input!] ?? source;
    const added = add === null ? source : nodes[add] ?? source;
    const looks = node.op === "conv" ? (node.kernel - 1) * read.samplesPerOutput : 0;
    for (const each of [input!, add]) if (each !== null) readers[each]?.push(index);
    nodes.push({
      node,
      index,
      input: input!,
      add,
      inChannels: read.outChannels,
      outChannels: outChannelsOf(node, read.outChannels),
      samplesPerInput: read.samplesPerOutput,
      samplesPerOutput: read.samplesPerOutput * strideOf(node),
      reach: Math.max(read.reach + looks, added.reach),
      readers: readers[index]!,
    });
    indices.set(node.name, index);
  }
  const head = nodes.at(-1)!;
  return {
    graph,
    nodes,
    head,
    classes: head.outChannels,
    hop: head.samplesPerOutput,
    reach: head.reach,
  };
}
