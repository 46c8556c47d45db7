/**
 * What batch normalisation and dead filters leave behind when they are folded away. A filter without
 * survivors gives the same number at every position of the record and, as every layer sees zeros
 * outside it, something else near the ends: exact folding keeps one row of ones for that.
 *
 * @module
 */
import { tensorOf, type TrainedNetwork } from "./network.ts";
import type { BlockLayers, ConvLayer, NormLayer } from "../model/shape.ts";

/** y = scale * x + shift per channel [C]. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** A norm with its running statistics. */
export function affineOf(network: TrainedNetwork, { name, channels }: NormLayer): Affine {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "running_mean", "running_variance"]
    .map((tensor) => tensorOf(network, `${name}.${tensor}`)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
  const scale = Float64Array.from(
    { length: channels },
    (_, c) => gamma[c]! / Math.sqrt(variance[c]! + network.epsilon),
  );
  return { scale, shift: scale.map((factor, c) => beta[c]! - mean[c]! * factor) };
}

/** A convolution's numbers: weight [outChannels, inChannels, kernel], bias [outChannels]. */
export interface ConvNumbers {
  readonly outChannels: number;
  readonly inChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** [outChannels] if the weights are whole multiples of it. */
  readonly unit?: Float32Array;
}

/** A convolution as trained. */
export function convNumbers(network: TrainedNetwork, layer: ConvLayer): ConvNumbers {
  const { outChannels, inChannels, kernel, stride } = layer;
  const weight = tensorOf(network, `${layer.name}.weight`);
  const bias = tensorOf(network, `${layer.name}.bias`);
  const unit = network.units?.get(layer.name);
  return { outChannels, inChannels, kernel, stride, weight, bias, ...(unit && { unit }) };
}

/** The convolution followed by an affine map, as one convolution. */
export function foldAffine(conv: ConvNumbers, { scale, shift }: Affine): ConvNumbers {
  const row = conv.inChannels * conv.kernel;
  return {
    ...conv,
    weight: conv.weight.map((value, i) => value * scale[Math.floor(i / row)]!),
    bias: conv.bias.map((value, c) => value * scale[c]! + shift[c]!),
    ...(conv.unit && { unit: conv.unit.map((value, c) => value * Math.abs(scale[c]!)) }),
  };
}

/** A block's two convolutions with the norm between them folded and dead filters removed. */
export interface ReducedBlock {
  /** Followed by ReLU. */
  readonly first: ConvNumbers;
  readonly second: ConvNumbers;
}

/**
 * Folds the inner norm of a block and removes the filters between its convolutions that have no
 * survivors or that nothing reads. What the dead ones add becomes one filter that gives 1 everywhere
 * inside the record, if it is not 0; of rounded weights, whose sums are no multiples of a unit, the dead
 * filters themselves stay. At least one filter stays.
 */
export function reduceBlock(network: TrainedNetwork, block: BlockLayers): ReducedBlock {
  const first = foldAffine(convNumbers(network, block.conv1), affineOf(network, block.norm2));
  const second = convNumbers(network, block.conv2);
  const { kernel, outChannels } = second;
  const firstRow = first.inChannels * first.kernel;
  const secondRow = second.inChannels * kernel;
  const kept: number[] = [];
  const ones = new Float64Array(outChannels * kernel);
  for (let c = 0; c < first.outChannels; c++) {
    const alive = first.weight.subarray(c * firstRow, (c + 1) * firstRow).some((w) => w !== 0);
    const constant = Math.max(0, first.bias[c]!);
    const joins = !alive && first.unit === undefined;
    let read = false;
    for (let co = 0; co < outChannels; co++) {
      for (let k = 0; k < kernel; k++) {
        const value = second.weight[co * secondRow + c * kernel + k]!;
        read ||= value !== 0;
        if (joins) ones[co * kernel + k]! += value * constant;
      }
    }
    if (read && !joins && (alive || constant > 0)) kept.push(c);
  }
  const extra = ones.some((value) => Math.fround(value) !== 0) || kept.length === 0 ? 1 : 0;
  const inner = kept.length + extra;
  const weight1 = new Float32Array(inner * firstRow);
  const bias1 = new Float32Array(inner).fill(1);
  const unit1 = new Float32Array(inner);
  const weight2 = new Float32Array(outChannels * inner * kernel);
  kept.forEach((c, i) => {
    weight1.set(first.weight.subarray(c * firstRow, (c + 1) * firstRow), i * firstRow);
    bias1[i] = first.bias[c]!;
    unit1[i] = first.unit?.[c] ?? 0;
    for (let co = 0; co < outChannels; co++) {
      const from = co * secondRow + c * kernel;
      weight2.set(second.weight.subarray(from, from + kernel), (co * inner + i) * kernel);
    }
  });
  if (extra === 1) {
    for (let co = 0; co < outChannels; co++) {
      weight2.set(ones.subarray(co * kernel, (co + 1) * kernel), (co * inner + inner - 1) * kernel);
    }
  }
  return {
    first: {
      ...first,
      outChannels: inner,
      weight: weight1,
      bias: bias1,
      ...(first.unit && { unit: unit1 }),
    },
    second: { ...second, inChannels: inner, weight: weight2 },
  };
}
