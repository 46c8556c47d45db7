/**
 * How a network streams: after every hop of samples each layer computes as many outputs as its inputs
 * then allow. With n positions per hop at a layer, hop m brings the positions [m n - delay, (m + 1) n -
 * delay) of its stream; a convolution looks ahead, so delays grow along the network. A layer keeps the
 * last positions of its input that it still needs.
 *
 * @module
 */
import { hopOf } from "../model/resnet1d.ts";
import { affineOf, type ConvNumbers, convNumbers, foldAffine, reduceBlock } from "./fold.ts";
import type { TrainedNetwork } from "./network.ts";
import { networkLayers } from "../model/shape.ts";

/** A convolution with its place in the stream. */
export interface StreamConv {
  readonly conv: ConvNumbers;
  /** Positions per hop that come in, and that were kept from before. */
  readonly inputs: number;
  readonly history: number;
  /** Positions per hop that go out, and the delay of the first. */
  readonly outputs: number;
  readonly delay: number;
}

/** The residual stream between two blocks, as the next shortcut reads it. */
export interface StreamResidual {
  readonly channels: number;
  readonly inputs: number;
  readonly history: number;
}

/** y = relu(scale x + shift) of the residual, in front of the next convolution. */
export interface StreamNorm {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** A network in streaming form. */
export interface StreamPlan {
  readonly hop: number;
  /** Steps by which logits lag behind the samples. */
  readonly lag: number;
  readonly stem: StreamConv;
  readonly blocks: readonly {
    readonly residual: StreamResidual;
    readonly first: StreamConv;
    readonly second: StreamConv;
    /** After the block. */
    readonly norm: StreamNorm;
  }[];
  readonly head: StreamConv;
}

/** Plans a network whose norms are folded and whose dead filters are gone. */
export function planStream(network: TrainedNetwork): StreamPlan {
  const { stem, stemNorm, blocks, headNorm, head } = networkLayers(network.shape);
  const hop = hopOf(network.shape);
  const folded = foldAffine(convNumbers(network, stem), affineOf(network, stemNorm));
  const first = streamConv(folded, { inputs: hop, delay: 0 });
  let { outputs: inputs, delay } = first;
  const planned = blocks.map((block, i) => {
    const reduced = reduceBlock(network, block);
    const conv1 = streamConv(reduced.first, { inputs, delay });
    const conv2 = streamConv(reduced.second, { inputs: conv1.outputs, delay: conv1.delay });
    const { scale, shift } = affineOf(network, blocks[i + 1]?.norm1 ?? headNorm);
    const residual = {
      channels: block.conv1.inChannels,
      inputs,
      history: block.conv1.stride * conv2.delay - delay,
    };
    ({ outputs: inputs, delay } = conv2);
    const norm = { scale: Float32Array.from(scale), shift: Float32Array.from(shift) };
    return { residual, first: conv1, second: conv2, norm };
  });
  const last = streamConv(convNumbers(network, head), { inputs, delay });
  return { hop, lag: last.delay, stem: first, blocks: planned, head: last };
}

/** SAME padding of a length that the stride divides. */
function streamConv(
  conv: ConvNumbers,
  { inputs, delay }: { inputs: number; delay: number },
): StreamConv {
  const { kernel, stride } = conv;
  const before = Math.floor(Math.max(kernel - stride, 0) / 2);
  const after = kernel - 1 - before;
  const outputs = inputs / stride;
  const out = Math.ceil((delay + 1 + after) / stride) - 1;
  return { conv, inputs, history: stride * out + before - delay, outputs, delay: out };
}
