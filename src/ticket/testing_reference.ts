/**
 * For tests: networks computed in float64 by definition, and graphs that are not residual networks.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import { analyse } from "../model/analyse.ts";
import {
  type ConvNode,
  type Graph,
  INPUT,
  type Node,
  type NormNode,
  readsOf,
  type ShortcutNode,
} from "../model/graph.ts";
import { tensorOf, type TrainedNetwork } from "./network.ts";

/** [C][L] */
type Rows = Float64Array[];

/** Computes one normalised record by the textbook definition. @returns Logits [classes, steps]. */
export function referenceLogits(
  network: TrainedNetwork,
  samples: ArrayLike<number>,
): Float64Array {
  const values: Rows[] = [];
  const valueOf = (index: number): Rows =>
    index < 0 ? [Float64Array.from(samples)] : values[index]!;
  for (const { node, input, add } of analyse(network.graph).nodes) {
    const x = valueOf(input);
    if (node.op === "norm") {
      values.push(norm(network, node, x));
    } else if (node.op === "shortcut") {
      values.push(shortcut(node, x));
    } else {
      const y = conv(network, node, x);
      const added = add === null ? null : valueOf(add);
      values.push(y.map((row, c) => row.map((value, p) => value + (added ? added[c]![p]! : 0))));
    }
  }
  return Float64Array.from(values.at(-1)!.flatMap((row) => [...row]));
}

/** A convolution with TensorFlow's SAME padding: an odd padding has the extra zero at the end. */
function conv(
  network: TrainedNetwork,
  { name, channels, kernel, stride }: ConvNode,
  x: Rows,
): Rows {
  const weight = tensorOf(network, `${name}.weight`);
  const bias = tensorOf(network, `${name}.bias`);
  const length = x[0]!.length;
  const outputs = Math.ceil(length / stride);
  const left = Math.floor(Math.max((outputs - 1) * stride + kernel - length, 0) / 2);
  return Array.from(
    { length: channels },
    (_, co) =>
      Float64Array.from({ length: outputs }, (_, p) => {
        let sum = bias[co]!;
        x.forEach((row, ci) => {
          for (let k = 0; k < kernel; k++) {
            sum += weight[(co * x.length + ci) * kernel + k]! * (row[p * stride + k - left] ?? 0);
          }
        });
        return sum;
      }),
  );
}

function norm(network: TrainedNetwork, { name, relu }: NormNode, x: Rows): Rows {
  const tensor = (which: string) => tensorOf(network, `${name}.${which}`);
  const [gamma, beta] = [tensor("gamma"), tensor("beta")];
  const [mean, variance] = [tensor("running_mean"), tensor("running_variance")];
  return x.map((row, c) =>
    row.map((value) => {
      const centred = (value - mean[c]!) / Math.sqrt(variance[c]! + network.epsilon);
      const y = gamma[c]! * centred + beta[c]!;
      return relu ? Math.max(0, y) : y;
    })
  );
}

function shortcut({ channels, stride }: ShortcutNode, x: Rows): Rows {
  const outputs = Math.ceil(x[0]!.length / stride);
  return Array.from({ length: channels }, (_, c) =>
    Float64Array.from(
      { length: outputs },
      (_, p) => c < x.length ? Math.max(...x[c]!.subarray(p * stride, (p + 1) * stride)) : 0,
    ));
}

/** Without shortcuts: strides of 4 and 2, a norm without ReLU before the head. Hop 8. */
export const PLAIN_GRAPH: Graph = {
  name: "plain-of-tests",
  nodes: [
    { op: "conv", name: "one", input: "input", channels: 6, kernel: 16, stride: 4 },
    { op: "norm", name: "one.norm", input: "one", relu: true, dropout: 0 },
    { op: "conv", name: "two", input: "one.norm", channels: 5, kernel: 7, stride: 2 },
    { op: "norm", name: "two.norm", input: "two", relu: false, dropout: 0 },
    { op: "conv", name: "head", input: "two.norm", channels: 4, kernel: 3, stride: 1 },
  ],
};

/**
 * Everything that the residual network does not have: a norm that two convolutions read, a convolution that
 * two nodes read, two norms of one sum, sums with distant nodes, shortcuts with stride 4, of a norm, and
 * without stride, a convolution of a shortcut, inner kernels of 1, norms without ReLU. Hop 8.
 */
export const ODD_GRAPH: Graph = {
  name: "odd-of-tests",
  nodes: [
    { op: "conv", name: "first", input: "input", channels: 4, kernel: 9, stride: 1 },
    { op: "norm", name: "shared", input: "first", relu: false, dropout: 0 },
    { op: "conv", name: "left", input: "shared", channels: 4, kernel: 5, stride: 1 },
    { op: "conv", name: "right", input: "shared", channels: 4, kernel: 1, stride: 1, add: "left" },
    { op: "norm", name: "left.norm", input: "left", relu: true, dropout: 0.1 },
    {
      op: "conv",
      name: "far",
      input: "left.norm",
      channels: 4,
      kernel: 3,
      stride: 1,
      add: "first",
    },
    { op: "shortcut", name: "pooled", input: "right", channels: 6, stride: 4 },
    { op: "norm", name: "far.norm", input: "far", relu: true, dropout: 0 },
    {
      op: "conv",
      name: "down",
      input: "far.norm",
      channels: 6,
      kernel: 8,
      stride: 4,
      add: "pooled",
    },
    { op: "shortcut", name: "first.pooled", input: "first", channels: 6, stride: 4 },
    { op: "norm", name: "down.norm", input: "down", relu: true, dropout: 0 },
    {
      op: "conv",
      name: "sum",
      input: "down.norm",
      channels: 6,
      kernel: 3,
      stride: 1,
      add: "first.pooled",
    },
    { op: "norm", name: "sum.relu", input: "sum", relu: true, dropout: 0 },
    { op: "norm", name: "sum.plain", input: "sum", relu: false, dropout: 0 },
    { op: "conv", name: "inner", input: "sum.relu", channels: 6, kernel: 4, stride: 2 },
    { op: "norm", name: "inner.norm", input: "inner", relu: true, dropout: 0 },
    { op: "shortcut", name: "plain.pooled", input: "sum.plain", channels: 8, stride: 2 },
    {
      op: "conv",
      name: "late",
      input: "inner.norm",
      channels: 8,
      kernel: 1,
      stride: 1,
      add: "plain.pooled",
    },
    { op: "shortcut", name: "wide", input: "late", channels: 9, stride: 1 },
    { op: "conv", name: "narrow", input: "wide", channels: 5, kernel: 2, stride: 1 },
    { op: "conv", name: "head", input: "narrow", channels: 4, kernel: 1, stride: 1 },
  ],
};

/** A valid random graph with up to 28 nodes and a hop of up to 16. */
export function randomGraph(seed: number): Graph {
  const rng = createRng(seed, "random-graph");
  const one = <T>(list: readonly T[]): T => list[rng.integer(list.length)]!;
  const values = [{ name: INPUT, channels: 1, hop: 1 }];
  const nodes: Node[] = [];
  const push = (node: Node, { channels, hop }: { channels: number; hop: number }) => {
    nodes.push(node);
    values.push({ name: node.name, channels, hop });
  };
  const conv = (name: string, channels: number) => {
    const from = one(values.slice(-2));
    const stride = from.hop < 16 ? one([1, 1, 1, 2, 4].filter((s) => s * from.hop <= 16)) : 1;
    const hop = from.hop * stride;
    const fitting = values.filter((value) => value.channels === channels && value.hop === hop);
    const add = rng.integer(2) === 0 ? fitting.at(rng.integer(fitting.length + 1) - 1) : undefined;
    const sizes = { channels, kernel: 1 + rng.integer(9), stride };
    const sum = add ? { add: add.name } : {};
    push({ op: "conv", name, input: from.name, ...sizes, ...sum }, { channels, hop });
  };
  for (let i = 0; i < 4 + rng.integer(24); i++) {
    const name = `node${i}`;
    const from = one(values.slice(-2));
    const kind = rng.integer(5);
    if (kind < 3) {
      conv(name, one([2, 3, 3, 4]));
    } else if (kind === 3) {
      push({ op: "norm", name, input: from.name, relu: rng.integer(3) > 0, dropout: 0 }, from);
    } else {
      const stride = one([1, 2, 4].filter((s) => s * from.hop <= 16));
      const channels = from.channels + rng.integer(2);
      push({ op: "shortcut", name, input: from.name, channels, stride }, {
        channels,
        hop: from.hop * stride,
      });
    }
  }
  conv("head", 4);
  return { name: `random-${seed}`, nodes: withoutUnread(nodes) };
}

/** The nodes that lead to the head. */
function withoutUnread(nodes: readonly Node[]): Node[] {
  const needed = new Set([nodes.at(-1)!.name]);
  for (const node of nodes.toReversed()) {
    if (needed.has(node.name)) { for (const name of readsOf(node)) needed.add(name); }
  }
  return nodes.filter(({ name }) => needed.has(name));
}
