/**
 * Finds filters that a mask has cut off. The result depends only on the connections of the surviving weights,
 * so it holds for any values of the weights.
 *
 * @module
 */
import { analyse, type AnalysedNode } from "../model/analyse.ts";
import { type Graph, prunableTensors } from "../model/graph.ts";

/** Counts for one convolution. */
export interface LayerFilters {
  /** Name without ".weight". */
  name: string;
  filters: number;
  /** Number of filters without a surviving weight; their output is their bias. */
  empty: number;
  /**
   * Number of filters to which no path of surviving weights leads from the signal, the empty ones included. Their
   * output is the same for all recordings of a length.
   */
  constant: number;
  /** Number of filters from which no path of surviving weights leads to a logit; their output has no effect. */
  unused: number;
}

/** Links of one tensor: 1 where a filter keeps a weight for an input channel [Cout * Cin]. */
interface Links {
  readonly out: number;
  readonly inner: number;
  readonly linked: Uint8Array;
}

/** Masks by tensor name, of all prunable tensors of a network. */
export type MaskMap = ReadonlyMap<string, Uint8Array>;

/** Counts per convolution, in the order of the network. */
export function deadFilters(graph: Graph, masks: MaskMap): LayerFilters[] {
  const zeros = (flags: Uint8Array) => flags.reduce((count, flag) => count + 1 - flag, 0);
  return livingFilters(graph, masks).map(({ name, filled, varying, used }) => ({
    name,
    filters: filled.length,
    empty: zeros(filled),
    constant: zeros(varying),
    unused: zeros(used),
  }));
}

/** Flags of the filters of one convolution: 1 for true. */
export interface LivingFilters {
  readonly name: string;
  /** The filter has a weight. */
  readonly filled: Uint8Array;
  /** The filter depends on the signal. */
  readonly varying: Uint8Array;
  /** A logit depends on the filter. */
  readonly used: Uint8Array;
}

/** Follows the surviving weights forward from the signal and backward from the logits. */
export function livingFilters(graph: Graph, masks: MaskMap): LivingFilters[] {
  const { nodes } = analyse(graph);
  const links = new Map(
    prunableTensors(graph).map(({ name, shape: [out, inner, kernel] }) => {
      const mask = masks.get(name)!;
      const linked = new Uint8Array(out * inner);
      mask.forEach((bit, i) => linked[Math.floor(i / kernel)]! |= bit);
      return [name.replace(/\.weight$/, ""), { out, inner, linked }];
    }),
  );
  const varying = varyingChannels(nodes, links);
  const used = usedChannels(nodes, links);
  return nodes.filter(({ node }) => node.op === "conv").map(({ node: { name }, index }) => {
    const own = links.get(name)!;
    return {
      name,
      filled: forward(own, new Uint8Array(own.inner).fill(1)),
      varying: varying[index]!,
      used: used[index]!,
    };
  });
}

/** Filters with a link to one of these input channels. */
function forward({ out, inner, linked }: Links, channels: Uint8Array): Uint8Array {
  const reached = new Uint8Array(out);
  linked.forEach((link, i) => reached[Math.floor(i / inner)]! |= link & channels[i % inner]!);
  return reached;
}

/** Input channels with a link to one of these filters. */
function backward({ inner, linked }: Links, filters: Uint8Array): Uint8Array {
  const reached = new Uint8Array(inner);
  linked.forEach((link, i) => reached[i % inner]! |= link & filters[Math.floor(i / inner)]!);
  return reached;
}

/** For each node, the channels of its own result that depend on the signal; those that vary only through `add` do not count. */
function varyingChannels(
  nodes: readonly AnalysedNode[],
  links: ReadonlyMap<string, Links>,
): Uint8Array[] {
  const own: Uint8Array[] = [];
  const outputs: Uint8Array[] = [];
  const read = (index: number) => index < 0 ? Uint8Array.of(1) : outputs[index]!;
  for (const { node, input, add, outChannels } of nodes) {
    const channels = new Uint8Array(outChannels);
    channels.set(node.op === "conv" ? forward(links.get(node.name)!, read(input)) : read(input));
    own.push(channels);
    outputs.push(add === null ? channels : either(channels, read(add)));
  }
  return own;
}

/** For each node, the channels that a logit depends on. */
function usedChannels(
  nodes: readonly AnalysedNode[],
  links: ReadonlyMap<string, Links>,
): Uint8Array[] {
  const used: Uint8Array[] = nodes.map(({ outChannels }) => new Uint8Array(outChannels));
  used.at(-1)!.fill(1);
  const give = (index: number, channels: Uint8Array) => {
    if (index >= 0) used[index] = either(used[index]!, channels);
  };
  for (const { node, index, input, add } of nodes.toReversed()) {
    const own = used[index]!;
    if (add !== null) give(add, own);
    give(input, node.op === "conv" ? backward(links.get(node.name)!, own) : own);
  }
  return used;
}

/** `a` or `b`, channel by channel. A shortcut's new channels, at the end of `b`, have no counterpart in `a`. */
function either(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((flag, c) => flag | b[c]!);
}
