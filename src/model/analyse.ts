/**
 * What follows from a graph: who reads whom, how wide and how long everything is.
 *
 * @module
 */
import { type Graph, INPUT, type Node, readsOf, strideOf } from "./graph.ts";

/** A node with what follows from its place in the graph. */
export interface AnalysedNode {
  readonly node: Node;
  /** In the graph's list. */
  readonly index: number;
  /** Index of the node that it reads; -1 for the network's input. */
  readonly input: number;
  /** Index of the node that a convolution adds; null for none. */
  readonly add: number | null;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Samples of the network's input per position of what it reads. */
  readonly samplesPerInput: number;
  /** Samples of the network's input per position of its output. */
  readonly samplesPerOutput: number;
  /** Samples on either side of a position that can reach its output, at most. */
  readonly reach: number;
  /** Indices of the nodes that read its output, in order; those that add it among them. */
  readonly readers: readonly number[];
}

/** A network with what follows from its graph. */
export interface Analysis {
  readonly graph: Graph;
  /** In the order of the graph. */
  readonly nodes: readonly AnalysedNode[];
  /** The last node: its outputs are the logits. */
  readonly head: AnalysedNode;
  readonly classes: number;
  /** Samples per prediction: the product of the strides on every way to the head. */
  readonly hop: number;
  /**
   * Samples on either side of a step that can reach its logits, at most: a convolution looks kernel - 1
   * positions around, a shortcut no further than its step.
   */
  readonly reach: number;
}

/**
 * Follows a graph from its input to its head.
 *
 * @param graph A sound one: of a builder in `networks/`, or checked by graph_problems.ts.
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
      outChannels: node.op === "norm" ? read.outChannels : node.channels,
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
