/**
 * The operations of a network after batch norms and dead filters are absorbed. A filter without surviving
 * weights gives the same number at every position of the record. Near the ends the effect differs, because
 * every layer sees zeros outside the record. One filter of ones stays, so that the result is exact.
 *
 * @module
 */
import { analyse, type AnalysedNode } from "../model/analyse.ts";
import { type ConvNode, NORM_TENSORS } from "../model/graph.ts";
import { tensorOf, type TrainedNetwork } from "./network.ts";

/** y = scale * x + shift per channel [C]. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
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

/** A convolution, plus what it adds, then perhaps ReLU. */
export interface ConvWork {
  readonly op: "conv";
  /** Name by which later operations read it: the name of its norm if the norm was absorbed. */
  readonly name: string;
  /** The convolution's name. */
  readonly layer: string;
  readonly input: string;
  readonly add: string | null;
  readonly relu: boolean;
  readonly numbers: ConvNumbers;
}

/** A batch normalisation that is not absorbed, for example after a sum. */
export interface NormWork {
  readonly op: "norm";
  readonly name: string;
  readonly input: string;
  readonly channels: number;
  readonly relu: boolean;
}

/** Max-pooling by the stride, then channels of zeros. */
export interface ShortcutWork {
  readonly op: "shortcut";
  readonly name: string;
  readonly input: string;
  readonly inChannels: number;
  readonly channels: number;
  readonly stride: number;
}

/** One operation on the values of earlier ones, or on the record (`INPUT`). */
export type Work = ConvWork | NormWork | ShortcutWork;

/** A norm with its running statistics. */
export function affineOf(network: TrainedNetwork, norm: string): Affine {
  const [gamma, beta, mean, variance] = NORM_TENSORS
    .map((tensor) => tensorOf(network, `${norm}.${tensor}`)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
  const scale = Float64Array.from(
    gamma,
    (factor, c) => factor / Math.sqrt(variance[c]! + network.epsilon),
  );
  return { scale, shift: scale.map((factor, c) => beta[c]! - mean[c]! * factor) };
}

/** Combines a convolution and the affine map after it into one convolution. */
export function absorbAffine(conv: ConvNumbers, { scale, shift }: Affine): ConvNumbers {
  const row = conv.inChannels * conv.kernel;
  return {
    ...conv,
    weight: conv.weight.map((value, i) => value * scale[Math.floor(i / row)]!),
    bias: conv.bias.map((value, c) => value * scale[c]! + shift[c]!),
    ...(conv.unit && { unit: conv.unit.map((value, c) => value * Math.abs(scale[c]!)) }),
  };
}

/** The operations of a network as trained: nothing is absorbed. */
export function workAsTrained(network: TrainedNetwork): Work[] {
  return analyse(network.graph).nodes.map((node) => workOf(network, node));
}

/**
 * Absorbs every norm that is the only reader of a convolution without a sum. Then removes filters without
 * surviving weights and filters that nothing reads, if only convolutions read them. If dead filters give
 * constants other than 0, one filter that gives 1 everywhere inside the record replaces them. With rounded
 * weights the dead filters stay, because the sums of weights are not multiples of a unit. At least one
 * filter stays.
 */
export function absorbedWork(network: TrainedNetwork): Work[] {
  const { nodes } = analyse(network.graph);
  const absorbed = new Set<number>();
  const works = nodes.flatMap((each): Work[] => {
    if (absorbed.has(each.index)) return [];
    const work = workOf(network, each);
    const [reader, ...others] = each.readers.map((index) => nodes[index]!);
    if (work.op !== "conv" || work.add !== null || others.length > 0) return [work];
    if (reader?.node.op !== "norm") return [work];
    absorbed.add(reader.index);
    const { name, relu } = reader.node;
    const numbers = absorbAffine(work.numbers, affineOf(network, name));
    return [{ ...work, name, relu, numbers }];
  });
  return works.reduce(withoutDeadFilters, works);
}

function workOf(network: TrainedNetwork, { node, inChannels }: AnalysedNode): Work {
  const { name, input } = node;
  if (node.op === "norm") return { op: "norm", name, input, channels: inChannels, relu: node.relu };
  const { channels, stride } = node;
  if (node.op === "shortcut") return { op: "shortcut", name, input, inChannels, channels, stride };
  const numbers = convNumbers(network, node, inChannels);
  return { op: "conv", name, layer: name, input, add: node.add ?? null, relu: false, numbers };
}

function convNumbers(network: TrainedNetwork, node: ConvNode, inChannels: number): ConvNumbers {
  const { name, channels: outChannels, kernel, stride } = node;
  const weight = tensorOf(network, `${name}.weight`);
  const bias = tensorOf(network, `${name}.bias`);
  const unit = network.units?.get(name);
  return { outChannels, inChannels, kernel, stride, weight, bias, ...(unit && { unit }) };
}

/** The operations with fewer filters in `original`, if its readers allow it. */
function withoutDeadFilters(works: Work[], original: Work): Work[] {
  const { name } = original;
  const first = works.find((work) => work.name === name)!;
  if (first.op !== "conv" || first.name === first.layer) return works;
  const readers = works.filter((work) => work.input === name);
  const others = works.some((work) => work.op === "conv" && work.add === name);
  if (others || !readers.every((work) => work.op === "conv")) return works;
  const { numbers, following } = reduceFilters(first, readers.map((work) => work.numbers));
  const changed = new Map<string, Work>([[name, { ...first, numbers }]]);
  readers.forEach((work, i) => changed.set(work.name, { ...work, numbers: following[i]! }));
  return works.map((work) => changed.get(work.name) ?? work);
}

/** A convolution and its readers, with fewer filters in between. */
export interface ReducedFilters {
  readonly numbers: ConvNumbers;
  readonly following: ConvNumbers[];
}

function reduceFilters(
  { numbers: first, relu }: Pick<ConvWork, "numbers" | "relu">,
  readers: readonly ConvNumbers[],
): ReducedFilters {
  const row = first.inChannels * first.kernel;
  const kept: number[] = [];
  const ones = readers.map(({ outChannels, kernel }) => new Float64Array(outChannels * kernel));
  for (let c = 0; c < first.outChannels; c++) {
    const alive = first.weight.subarray(c * row, (c + 1) * row).some((w) => w !== 0);
    const constant = relu ? Math.max(0, first.bias[c]!) : first.bias[c]!;
    const joins = !alive && first.unit === undefined;
    let read = false;
    readers.forEach(({ outChannels, inChannels, kernel, weight }, r) => {
      for (let co = 0; co < outChannels; co++) {
        for (let k = 0; k < kernel; k++) {
          const value = weight[(co * inChannels + c) * kernel + k]!;
          read ||= value !== 0;
          if (joins) ones[r]![co * kernel + k]! += value * constant;
        }
      }
    });
    if (read && !joins && (alive || constant !== 0)) kept.push(c);
  }
  const constants = ones.some((each) => each.some((value) => Math.fround(value) !== 0));
  const extra = constants || kept.length === 0;
  return {
    numbers: keepOutputs(first, { kept, extra }),
    following: readers.map((reader, r) =>
      keepInputs(reader, { kept, ones: extra ? ones[r]! : null })
    ),
  };
}

/** The filters `kept`, then one of ones if `extra`. */
function keepOutputs(
  conv: ConvNumbers,
  { kept, extra }: { kept: readonly number[]; extra: boolean },
): ConvNumbers {
  const row = conv.inChannels * conv.kernel;
  const outChannels = kept.length + (extra ? 1 : 0);
  const weight = new Float32Array(outChannels * row);
  const bias = new Float32Array(outChannels).fill(1);
  const unit = new Float32Array(outChannels);
  kept.forEach((c, i) => {
    weight.set(conv.weight.subarray(c * row, (c + 1) * row), i * row);
    bias[i] = conv.bias[c]!;
    unit[i] = conv.unit?.[c] ?? 0;
  });
  return { ...conv, outChannels, weight, bias, ...(conv.unit && { unit }) };
}

/** The input channels `kept`, then one with the weights `ones` [outChannels, kernel]. */
function keepInputs(
  conv: ConvNumbers,
  { kept, ones }: { kept: readonly number[]; ones: Float64Array | null },
): ConvNumbers {
  const { outChannels, kernel } = conv;
  const inChannels = kept.length + (ones ? 1 : 0);
  const weight = new Float32Array(outChannels * inChannels * kernel);
  for (let co = 0; co < outChannels; co++) {
    kept.forEach((c, i) => {
      const from = (co * conv.inChannels + c) * kernel;
      weight.set(conv.weight.subarray(from, from + kernel), (co * inChannels + i) * kernel);
    });
    if (ones === null) continue;
    const own = ones.subarray(co * kernel, (co + 1) * kernel);
    weight.set(own, (co * inChannels + inChannels - 1) * kernel);
  }
  return { ...conv, inChannels, weight };
}
