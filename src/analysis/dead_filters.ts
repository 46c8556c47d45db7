/**
 * Filters that a mask has cut off. It is a matter of the surviving weights' connections alone, so it holds
 * for any values of the weights.
 *
 * @module
 */
import { prunableShapes, type ShapeConfig } from "../model/prunable_shapes.ts";

/** Of one convolution. */
export interface LayerFilters {
  /** Without ".weight". */
  name: string;
  filters: number;
  /** No weight of the filter survives: its output is its bias. */
  empty: number;
  /**
   * No path of surviving weights leads from the signal to the filter, the empty ones among them: its
   * output is the same for all recordings of a length.
   */
  constant: number;
  /** No path of surviving weights leads from the filter to a logit: its output changes nothing. */
  unused: number;
}

/** One tensor: which filter keeps a weight for which input channel [Cout * Cin]. */
interface Links {
  readonly name: string;
  readonly out: number;
  readonly inner: number;
  readonly linked: Uint8Array;
}

/** Masks by tensor name, of all prunable tensors of a network. */
export type MaskMap = ReadonlyMap<string, Uint8Array>;

/** Counts per convolution, in the order of the network. */
export function deadFilters(config: ShapeConfig, masks: MaskMap): LayerFilters[] {
  const zeros = (flags: Uint8Array) => flags.reduce((count, flag) => count + 1 - flag, 0);
  return livingFilters(config, masks).map(({ name, filled, varying, used }) => ({
    name,
    filters: filled.length,
    empty: zeros(filled),
    constant: zeros(varying),
    unused: zeros(used),
  }));
}

/** Of one convolution, a 1 for every filter that ... */
export interface LivingFilters {
  readonly name: string;
  /** has a weight; */
  readonly filled: Uint8Array;
  /** depends on the signal; */
  readonly varying: Uint8Array;
  /** is depended on by a logit. */
  readonly used: Uint8Array;
}

/** Follows the surviving weights from the signal on and from the logits back. */
export function livingFilters(config: ShapeConfig, masks: MaskMap): LivingFilters[] {
  const links = prunableShapes(config).map(({ name, shape: [out, inner, kernel] }): Links => {
    const mask = masks.get(name)!;
    const linked = new Uint8Array(out * inner);
    mask.forEach((bit, i) => linked[Math.floor(i / kernel)]! |= bit);
    return { name: name.replace(/\.weight$/, ""), out, inner, linked };
  });
  const varying = varyingFilters(links, config.blocks);
  const used = usedFilters(links, config.blocks);
  return links.map((layer, i) => ({
    name: layer.name,
    filled: forward(layer, new Uint8Array(layer.inner).fill(1)),
    varying: varying[i]!,
    used: used[i]!,
  }));
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

/** Channel by channel; the shorter one (a shortcut before its new channels) lacks the last ones. */
function either(a: Uint8Array, b: Uint8Array): Uint8Array {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return long.map((flag, c) => flag | (short[c] ?? 0));
}

/** Per layer, the filters whose output depends on the signal. */
function varyingFilters(links: readonly Links[], blocks: number): Uint8Array[] {
  const varying: Uint8Array[] = [forward(links[0]!, Uint8Array.of(1))];
  let stream = varying[0]!;
  for (let block = 0; block < blocks; block++) {
    const inner = forward(links[1 + 2 * block]!, stream);
    const outer = forward(links[2 + 2 * block]!, inner);
    varying.push(inner, outer);
    stream = either(stream, outer);
  }
  return [...varying, forward(links.at(-1)!, stream)];
}

/** Per layer, the filters whose output some logit depends on. */
function usedFilters(links: readonly Links[], blocks: number): Uint8Array[] {
  const head = links.at(-1)!;
  const logits = new Uint8Array(head.out).fill(1);
  const used: Uint8Array[] = [logits];
  let stream = backward(head, logits);
  for (let block = blocks - 1; block >= 0; block--) {
    const [conv1, conv2] = [links[1 + 2 * block]!, links[2 + 2 * block]!];
    const inner = backward(conv2, stream);
    used.unshift(inner, stream);
    stream = either(stream.slice(0, conv1.inner), backward(conv1, inner));
  }
  return [stream, ...used];
}
