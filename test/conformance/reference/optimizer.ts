/**
 * Gradient norm, clipping and one update of Adam (Kingma and Ba 2015, algorithm 1), AdamW (Loshchilov
 * and Hutter 2019, algorithm 2) or SGD with momentum.
 *
 * @module
 */
import type { Summed } from "./signals.ts";

/** One trainable tensor; where it is pruned all four arrays are 0. */
export interface Trainable {
  readonly value: Float64Array;
  readonly gradient: Float64Array;
  readonly moment1: Float64Array;
  readonly moment2: Float64Array;
}

/** Settings of an update. */
export interface UpdateOptions {
  readonly kind: "adam" | "sgd" | "adamw";
  readonly learningRate: number;
  /** Adam's beta1, SGD's momentum. */
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /**
   * Times the value, added to the clipped gradient; of adamw, which adds nothing, times the value and
   * the rate, taken from the value before the update.
   */
  readonly weightDecay: number;
  /** 0 for none. */
  readonly clipNorm: number;
  /** Norm of all gradients together. */
  readonly norm: number;
  /** 1 for the first update. */
  readonly step: number;
}

/** What an update leaves. */
export interface Updated {
  readonly value: Summed<Float64Array>;
  readonly moment1: Summed<Float64Array>;
  readonly moment2: Summed<Float64Array>;
}

/** sqrt of the sum of squares of all gradients. */
export function gradientNorm(gradients: readonly Float64Array[]): number {
  let sum = 0;
  for (const gradient of gradients) for (const g of gradient) sum += g * g;
  return Math.sqrt(sum);
}

/** What clipping to `clipNorm` multiplies the gradients by. */
export function clipFactor(options: { norm: number; clipNorm: number }): number {
  const { norm, clipNorm } = options;
  return clipNorm > 0 && norm > clipNorm ? clipNorm / norm : 1;
}

/** The tensor after one update. */
export function update(tensor: Trainable, options: UpdateOptions): Updated {
  if (options.kind === "adamw") return decoupled(tensor, options);
  const factor = clipFactor(options);
  const result: Updated = {
    value: summed(tensor),
    moment1: summed(tensor),
    moment2: summed(tensor),
  };
  for (let i = 0; i < tensor.value.length; i++) {
    const decay = options.weightDecay * tensor.value[i]!;
    const clipped = factor * tensor.gradient[i]!;
    const gradient = { value: clipped + decay, terms: Math.abs(clipped) + Math.abs(decay) };
    const next = (options.kind === "adam" ? adam : sgd)(tensor, { ...options, i, gradient });
    for (const slot of ["value", "moment1", "moment2"] as const) {
      result[slot].value[i] = next[slot].value;
      result[slot].terms[i] = next[slot].terms;
    }
  }
  return result;
}

/** Adam of the decayed value, with a gradient that knows nothing of the decay. */
function decoupled(tensor: Trainable, options: UpdateOptions): Updated {
  const keep = 1 - options.learningRate * options.weightDecay;
  const value = tensor.value.map((w) => keep * w);
  return update({ ...tensor, value }, { ...options, kind: "adam", weightDecay: 0 });
}

function summed(tensor: Trainable): Summed<Float64Array> {
  const size = tensor.value.length;
  return { value: new Float64Array(size), terms: new Float64Array(size) };
}

type ElementOptions = UpdateOptions & {
  i: number;
  gradient: { value: number; terms: number };
};

function adam(tensor: Trainable, options: ElementOptions) {
  const { i, gradient, beta1, beta2, epsilon, learningRate, step } = options;
  const moment1 = {
    value: beta1 * tensor.moment1[i]! + (1 - beta1) * gradient.value,
    terms: beta1 * Math.abs(tensor.moment1[i]!) + (1 - beta1) * gradient.terms,
  };
  const moment2 = {
    value: beta2 * tensor.moment2[i]! + (1 - beta2) * gradient.value ** 2,
    terms: beta2 * tensor.moment2[i]! + (1 - beta2) * gradient.terms ** 2,
  };
  const rate = learningRate / (1 - beta1 ** step);
  const denominator = Math.sqrt(moment2.value / (1 - beta2 ** step)) + epsilon;
  // An error of moment2 reaches the value through the relative error of the denominator.
  const spread = moment2.value > 0 ? moment2.terms / moment2.value : 0;
  return {
    value: {
      value: tensor.value[i]! - rate * moment1.value / denominator,
      terms: Math.abs(tensor.value[i]!) +
        rate * (moment1.terms + Math.abs(moment1.value) * spread) / denominator,
    },
    moment1,
    moment2,
  };
}

function sgd(tensor: Trainable, options: ElementOptions) {
  const { i, gradient, beta1, learningRate } = options;
  const moment1 = {
    value: beta1 * tensor.moment1[i]! + gradient.value,
    terms: beta1 * Math.abs(tensor.moment1[i]!) + gradient.terms,
  };
  return {
    value: {
      value: tensor.value[i]! - learningRate * moment1.value,
      terms: Math.abs(tensor.value[i]!) + learningRate * moment1.terms,
    },
    moment1,
    moment2: { value: tensor.moment2[i]!, terms: 0 },
  };
}
