/**
 * The network's loss in float64, for tests of scores that are derivatives of the loss.
 *
 * @module
 */
import { conv1d } from "../../test/conformance/reference/conv1d.ts";
import { crossEntropy } from "../../test/conformance/reference/cross_entropy.ts";
import { norm } from "../../test/conformance/reference/norm.ts";
import { shortcut } from "../../test/conformance/reference/shortcut.ts";
import { type Signals, signals } from "../../test/conformance/reference/signals.ts";
import type { Batch } from "../data/batches.ts";
import { type ConvNode, INPUT, type NormNode } from "../model/graph.ts";
import type { Workbench } from "../training/workbench.ts";

/** Every trainable tensor by name. */
export type Weights = Map<string, Float64Array>;

/** Copies of all parameters of a bench's network. */
export function weightsOf(bench: Workbench): Weights {
  return new Map(
    bench.network.parameters.map((
      { name, parameter },
    ) => [name, Float64Array.from(parameter.read("value"))]),
  );
}

/** The float64 network's settings besides its weights. */
export interface Reference {
  readonly bench: Workbench;
  readonly weights: Weights;
  /** Normalise by the batch (true) or by the statistics of a new network, 0 and 1. */
  readonly byBatch: boolean;
}

/** Mean over the batches of each batch's mean cross-entropy, with norms by the batch and no dropout. */
export function referenceLoss(
  bench: Workbench,
  options: { weights: Weights; batches: readonly Batch[] },
): number {
  const { weights, batches } = options;
  const { labels } = bench.split("train");
  const losses = batches.map((batch) => {
    const records = [...batch.records].filter((record) => record >= 0);
    const x = normalised(bench, { records, length: batch.length });
    const logits = referenceLogits(x, { bench, weights, byBatch: true });
    return crossEntropy(logits, records.map((record) => labels[record]!)).loss;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / batches.length;
}

/** Training records as the network sees them [N, 1, L]. */
function normalised(
  { dataset }: Workbench,
  options: { records: readonly number[]; length: number },
): Signals {
  const { lengths, offsets } = dataset.splits.train;
  const values = options.records.flatMap((record) =>
    Array.from(
      { length: options.length },
      (_, t) => (dataset.samples[offsets[record]! + t]! - dataset.mean) / dataset.std,
    )
  );
  return signals(values, {
    channels: 1,
    length: options.length,
    lengths: options.records.map((record) => lengths[record]!),
  });
}

/** Evaluates the bench's network: x [N, 1, L] gives logits [N, classes, T]. */
export function referenceLogits(x: Signals, reference: Reference): Signals {
  const values = new Map([[INPUT, x]]);
  for (const node of reference.bench.network.graph.nodes) {
    const read = values.get(node.input)!;
    values.set(
      node.name,
      node.op === "shortcut"
        ? shortcut(read, node)
        : node.op === "norm"
        ? activate(read, node, reference)
        : convolve(read, node, {
          reference,
          ...(node.add === undefined ? {} : { add: values.get(node.add)! }),
        }),
    );
  }
  return [...values.values()].at(-1)!;
}

function convolve(
  x: Signals,
  { name, stride }: ConvNode,
  options: { reference: Reference; add?: Signals },
): Signals {
  const { reference: { weights }, add } = options;
  const values = weights.get(`${name}.weight`)!;
  const bias = weights.get(`${name}.bias`)!;
  const kernel = values.length / bias.length / x.channels;
  const weight = { outChannels: bias.length, inChannels: x.channels, kernel, values };
  return conv1d(x, { weight, bias, stride, ...(add ? { add } : {}) }).value;
}

function activate(x: Signals, { name, relu }: NormNode, reference: Reference): Signals {
  const { bench, weights, byBatch } = reference;
  return norm(x, {
    gamma: weights.get(`${name}.gamma`)!,
    beta: weights.get(`${name}.beta`)!,
    runningMean: new Float64Array(x.channels),
    runningVariance: new Float64Array(x.channels).fill(1),
    epsilon: bench.network.config.norm.epsilon,
    momentum: 1,
    training: byBatch,
    relu,
  }).y.value;
}
