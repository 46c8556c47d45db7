/**
 * SAME convolution and its gradients, as native/include/lth/conv1d_desc.h defines them.
 *
 * @module
 */
import { type Signals, stridedLength, stridedLengths, type Summed, zeros } from "./signals.ts";

/** Weights [Cout, Cin, K], row major; a pruned one is 0. */
export interface ConvWeight {
  readonly outChannels: number;
  readonly inChannels: number;
  readonly kernel: number;
  readonly values: Float64Array;
}

/** Zeros before position 0 in TensorFlow's SAME padding of a length-L axis. */
export function padLeft(length: number, options: { kernel: number; stride: number }): number {
  const { kernel, stride } = options;
  const total = (stridedLength(length, stride) - 1) * stride + kernel - length;
  return Math.floor(Math.max(total, 0) / 2);
}

/**
 * Calls `visit` once for every product x[xAt] * weight[wAt] that belongs to y[yAt], over the valid
 * positions of both; every pass of the convolution is a sum over these triples.
 */
function eachProduct(
  shape: { x: Signals; y: Signals; weight: ConvWeight; stride: number },
  visit: (yAt: number, wAt: number, xAt: number) => void,
): void {
  const { x, y, weight: { outChannels, inChannels, kernel }, stride } = shape;
  const pad = padLeft(x.length, { kernel, stride });
  for (let n = 0; n < x.records; n++) {
    for (let co = 0; co < outChannels; co++) {
      for (let ci = 0; ci < inChannels; ci++) {
        for (let p = 0; p < y.lengths[n]!; p++) {
          for (let k = 0; k < kernel; k++) {
            const l = p * stride + k - pad;
            if (l < 0 || l >= x.lengths[n]!) continue;
            visit(
              (n * outChannels + co) * y.length + p,
              (co * inChannels + ci) * kernel + k,
              (n * inChannels + ci) * x.length + l,
            );
          }
        }
      }
    }
  }
}

/** The shape of a convolution's output. */
export function convOutput(x: Signals, options: { channels: number; stride: number }): Signals {
  return zeros({
    channels: options.channels,
    length: stridedLength(x.length, options.stride),
    lengths: stridedLengths(x.lengths, options.stride),
  });
}

/**
 * y[n, co, p] = bias[co] + sum over ci, k of weight[co, ci, k] * x[n, ci, p * stride + k - pad],
 * plus `add`, for the valid positions p < ceil(lengths[n] / stride).
 */
export function conv1d(
  x: Signals,
  options: { weight: ConvWeight; bias: Float64Array; stride: number; add?: Signals },
): Summed<Signals> {
  const { weight, bias, stride, add } = options;
  const y = convOutput(x, { channels: weight.outChannels, stride });
  const terms = new Float64Array(y.values.length);
  const accumulate = (at: number, term: number) => {
    y.values[at]! += term;
    terms[at]! += Math.abs(term);
  };
  for (let n = 0; n < y.records; n++) {
    for (let co = 0; co < y.channels; co++) {
      for (let p = 0; p < y.lengths[n]!; p++) {
        const at = (n * y.channels + co) * y.length + p;
        accumulate(at, bias[co]!);
        if (add) accumulate(at, add.values[at]!);
      }
    }
  }
  eachProduct({ x, y, weight, stride }, (yAt, wAt, xAt) => {
    accumulate(yAt, weight.values[wAt]! * x.values[xAt]!);
  });
  return { value: y, terms };
}

/** dx: the gradient of the sum of y * dy with respect to x, plus `add`. Only `x`'s shape matters. */
export function conv1dDgrad(
  x: Signals,
  options: { weight: ConvWeight; dy: Signals; stride: number; add?: Signals },
): Summed<Signals> {
  const { weight, dy, stride, add } = options;
  const dx = zeros(x);
  if (add) dx.values.set(add.values);
  const terms = dx.values.map(Math.abs);
  eachProduct({ x, y: dy, weight, stride }, (yAt, wAt, xAt) => {
    const term = dy.values[yAt]! * weight.values[wAt]!;
    dx.values[xAt]! += term;
    terms[xAt]! += Math.abs(term);
  });
  return { value: dx, terms };
}

/** dweight and dbias: the gradients of the sum of y * dy; 0 where `mask` is 0. */
export function conv1dWgrad(
  x: Signals,
  options: { weight: ConvWeight; dy: Signals; stride: number; mask: Uint8Array },
): { dweight: Summed<Float64Array>; dbias: Summed<Float64Array> } {
  const { weight, dy, stride, mask } = options;
  const dweight = new Float64Array(weight.values.length);
  const weightTerms = new Float64Array(dweight.length);
  eachProduct({ x, y: dy, weight, stride }, (yAt, wAt, xAt) => {
    if (mask[wAt] === 0) return;
    const term = dy.values[yAt]! * x.values[xAt]!;
    dweight[wAt]! += term;
    weightTerms[wAt]! += Math.abs(term);
  });
  const dbias = new Float64Array(dy.channels);
  const biasTerms = new Float64Array(dy.channels);
  dy.values.forEach((term, at) => {
    const co = Math.floor(at / dy.length) % dy.channels;
    dbias[co]! += term;
    biasTerms[co]! += Math.abs(term);
  });
  return {
    dweight: { value: dweight, terms: weightTerms },
    dbias: { value: dbias, terms: biasTerms },
  };
}
