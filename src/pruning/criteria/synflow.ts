/**
 * SynFlow (Tanaka, Kunin, Yamins and Ganguli 2020, "Pruning neural networks without any data by
 * iteratively conserving synaptic flow"): with every weight replaced by its magnitude and an input of
 * ones, R is the sum of the outputs; a weight's score is w * dR/dw, the flow that passes through it.
 * Pruning in many steps of an exponential schedule, with new scores each time, keeps layers from being
 * emptied (algorithm 1).
 *
 * The input of ones has no ends here. Then every channel is constant, SAME padding and pooling have no
 * effect, and a convolution is the matrix of its weights' sums over the taps. With a short input, the outer
 * taps would read padding; a long input differs from this only at its ends. Biases are 0 and running
 * statistics those of a new network. R grows about 70-fold per layer, so everything is float64.
 *
 * @module
 */
import type { Network } from "../../model/network.ts";
import { highest, type PruningCriterion } from "../criterion.ts";

/** Pruning steps of the paper. */
const SYNFLOW_STEPS = 100;

/** The flow through a convolution, per channel. */
interface Flow {
  /** |w| where alive, else 0: [Cout, Cin, K] */
  readonly magnitudes: Float32Array;
  readonly kernel: number;
  /** Input per position [Cin]. */
  readonly input: Float64Array;
  /** dR / d output [Cout] */
  readonly gradient: Float64Array;
}

/**
 * The score |w| * dR/d|w| of every prunable weight of the network under its present masks.
 *
 * @returns One array per prunable tensor, in their order; the highest scores survive.
 */
export function synflowScores(network: Network): Float64Array[] {
  return flows(network).map(({ magnitudes, kernel, input, gradient }) => {
    const scores = new Float64Array(magnitudes.length);
    for (let i = 0; i < scores.length; i++) {
      const row = Math.floor(i / kernel);
      const out = Math.floor(row / input.length);
      scores[i] = magnitudes[i]! * input[row % input.length]! * gradient[out]!;
    }
    return scores;
  });
}

/** Number of weights left after each step from `alive` to `keep`. */
export function synflowKeeps(alive: number, keep: number): number[] {
  return Array.from({ length: SYNFLOW_STEPS }, (_, step) => {
    const done = (step + 1) / SYNFLOW_STEPS;
    return Math.round(alive * (keep / alive) ** done);
  });
}

/** Runs the linear network forward and its gradient backward, in the order of the prunable tensors. */
function flows(network: Network): Flow[] {
  const { config: { norm: { epsilon } }, analysis: { nodes, head } } = network;
  const scale = 1 / Math.sqrt(1 + epsilon);
  const layers: LinearConv[] = network.prunable.map(({ parameter }) =>
    new LinearConv(parameter.read("value"), parameter.shape as [number, number, number])
  );
  const convolutions = nodes.filter(({ node }) => node.op === "conv");
  const layerOf = new Map(convolutions.map((node, i) => [node, layers[i]!]));
  const ones = Float64Array.of(1);

  const outputs: Float64Array[] = [];
  for (const each of nodes) {
    const x = each.input < 0 ? ones : outputs[each.input]!;
    const y = new Float64Array(each.outChannels);
    if (each.node.op === "conv") y.set(layerOf.get(each)!.forward(x));
    else y.set(each.node.op === "norm" ? scaled(x, scale) : x); // a shortcut's new channels are zeros
    if (each.add !== null) addTo(y, each.add < 0 ? ones : outputs[each.add]!);
    outputs.push(y);
  }
  const gradients = outputs.map((output) => new Float64Array(output.length));
  gradients[head.index]!.fill(1);
  const give = (index: number, gradient: Float64Array) => {
    if (index >= 0) addTo(gradients[index]!, gradient.subarray(0, gradients[index]!.length));
  };
  for (const each of nodes.toReversed()) {
    const gradient = gradients[each.index]!;
    if (each.add !== null) give(each.add, gradient);
    if (each.node.op === "conv") give(each.input, layerOf.get(each)!.backward(gradient));
    else give(each.input, each.node.op === "norm" ? scaled(gradient, scale) : gradient);
  }
  return layers;
}

function addTo(sums: Float64Array, values: Float64Array): void {
  values.forEach((value, c) => sums[c]! += value);
}

/** A convolution of constant channels. It stores its input and the gradient of its output. */
class LinearConv implements Flow {
  readonly magnitudes: Float32Array;
  readonly kernel: number;
  input: Float64Array = new Float64Array();
  gradient: Float64Array = new Float64Array();
  /** Sums over the taps [Cout, Cin] */
  private readonly sums: Float64Array;

  constructor(
    weights: Float32Array,
    [outChannels, inChannels, kernel]: [number, number, number],
  ) {
    this.magnitudes = weights.map(Math.abs);
    this.kernel = kernel;
    this.sums = new Float64Array(outChannels * inChannels);
    this.magnitudes.forEach((w, i) => this.sums[Math.floor(i / kernel)]! += w);
  }

  forward(input: Float64Array): Float64Array {
    this.input = input;
    const output = new Float64Array(this.sums.length / input.length);
    this.sums.forEach((sum, row) => {
      output[Math.floor(row / input.length)]! += sum * input[row % input.length]!;
    });
    return output;
  }

  backward(gradient: Float64Array): Float64Array {
    this.gradient = gradient;
    const { length } = this.input;
    const dx = new Float64Array(length);
    this.sums.forEach((sum, row) => {
      dx[row % length]! += sum * gradient[Math.floor(row / length)]!;
    });
    return dx;
  }
}

function scaled(values: Float64Array, factor: number): Float64Array {
  return values.map((value) => value * factor);
}

export const synflow: PruningCriterion = {
  network: "initial",
  description: "most flow through the network of magnitudes, without data, in 100 steps",
  source: "SynFlow: Tanaka et al. 2020",
  masks(task) {
    const { bench: { network }, candidates, keep } = task;
    const alive = candidates.reduce((sum, { parameter }) => sum + parameter.kept, 0);
    let masks: Uint8Array[] = [];
    for (const next of synflowKeeps(alive, keep)) {
      masks = highest({ ...task, keep: next }, synflowScores(network));
      candidates.forEach(({ parameter }, i) => parameter.setMask(masks[i]!));
    }
    return masks;
  },
};
