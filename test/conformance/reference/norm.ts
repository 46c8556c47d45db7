/**
 * Batch normalisation over the valid positions (Ioffe and Szegedy 2015, algorithm 1), then ReLU,
 * then dropout.
 *
 * @module
 */
import { dropoutKeeps, type RandomKey } from "./random.ts";
import { eachValid, type Signals, type Summed, zeros } from "./signals.ts";

/** Dropout of a norm in training. */
export interface Dropout {
  readonly rate: number;
  readonly key: RandomKey;
}

/** Settings and state of a norm; arrays are [C]. */
export interface NormOptions {
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
  readonly runningMean: Float64Array;
  readonly runningVariance: Float64Array;
  readonly epsilon: number;
  readonly momentum: number;
  readonly training: boolean;
  readonly relu: boolean;
  readonly dropout?: Dropout;
}

/** The statistics a norm normalises with, [C] each. */
interface Statistics {
  readonly mean: Float64Array;
  /** Mean of |x|, the terms of the mean. */
  readonly magnitude: Float64Array;
  /** Biased. */
  readonly variance: Float64Array;
  /** Valid positions of all records. */
  readonly count: number;
}

/** What the forward pass returns. */
export interface NormResult {
  readonly y: Summed<Signals>;
  readonly runningMean: Summed<Float64Array>;
  readonly runningVariance: Summed<Float64Array>;
}

/** Mean and biased variance of each channel over the valid positions of all records. */
export function batchStatistics(x: Signals): Statistics {
  const count = x.lengths.reduce((sum, length) => sum + length, 0);
  const mean = new Float64Array(x.channels);
  const magnitude = new Float64Array(x.channels);
  const variance = new Float64Array(x.channels);
  eachValid(x, (at, _, c) => {
    mean[c]! += x.values[at]! / count;
    magnitude[c]! += Math.abs(x.values[at]!) / count;
  });
  eachValid(x, (at, _, c) => variance[c]! += (x.values[at]! - mean[c]!) ** 2 / count);
  return { mean, magnitude, variance, count };
}

/** y = dropout(relu(gamma * (x - mean) / sqrt(variance + epsilon) + beta)) */
export function norm(x: Signals, options: NormOptions): NormResult {
  const { gamma, beta, epsilon, training, relu, dropout } = options;
  const statistics = batchStatistics(x);
  const mean = training ? statistics.mean : options.runningMean;
  const magnitude = training ? statistics.magnitude : mean.map(Math.abs);
  const variance = training ? statistics.variance : options.runningVariance;
  const y = zeros(x);
  const terms = new Float64Array(y.values.length);
  eachValid(x, (at, _, c) => {
    const scale = gamma[c]! / Math.sqrt(variance[c]! + epsilon);
    let value = scale * (x.values[at]! - mean[c]!) + beta[c]!;
    let term = Math.abs(scale) * (Math.abs(x.values[at]!) + magnitude[c]!) +
      Math.abs(beta[c]!);
    if (relu && value < 0) value = 0;
    if (training && dropout && dropout.rate > 0) {
      const keeps = dropoutKeeps(dropout.key, { index: at, rate: dropout.rate });
      const factor = keeps ? 1 / (1 - dropout.rate) : 0;
      value *= factor;
      term *= factor;
    }
    y.values[at] = value;
    terms[at] = term;
  });
  return { y: { value: y, terms }, ...runningStatistics(statistics, options) };
}

/** running += momentum * (batch - running), the variance unbiased; unchanged without positions. */
function runningStatistics(batch: Statistics, options: NormOptions) {
  const unbiased = batch.count / Math.max(batch.count - 1, 1);
  const update = (
    running: Float64Array,
    target: Summed<Float64Array>,
  ): Summed<Float64Array> => {
    const weight = options.training && batch.count > 0 ? options.momentum : 0;
    return {
      value: running.map((r, c) => r + weight * (target.value[c]! - r)),
      terms: running.map((r, c) => Math.abs(r) + weight * (target.terms[c]! + Math.abs(r))),
    };
  };
  const variance = batch.variance.map((v) => v * unbiased);
  return {
    runningMean: update(options.runningMean, { value: batch.mean, terms: batch.magnitude }),
    runningVariance: update(options.runningVariance, { value: variance, terms: variance }),
  };
}

/** What the backward pass returns. */
export interface NormGradients {
  readonly dx: Summed<Signals>;
  readonly dgamma: Summed<Float64Array>;
  readonly dbeta: Summed<Float64Array>;
}

/** Inputs of {@linkcode normBackward} besides the forward pass's input. */
export interface NormBackwardOptions {
  /** The forward pass's output: its zeros tell where ReLU or dropout cut. */
  readonly y: Signals;
  readonly dy: Signals;
  readonly add?: Signals;
  readonly gamma: Float64Array;
  readonly epsilon: number;
  readonly relu: boolean;
  readonly dropoutRate: number;
}

/**
 * Gradients of the sum of y * dy in training mode. With g the part of dy that passes ReLU and
 * dropout, xhat the normalised input and M positions: dx = gamma / std * (g - sum(g) / M - xhat *
 * sum(g * xhat) / M) + add.
 */
export function normBackward(x: Signals, options: NormBackwardOptions): NormGradients {
  const { y, dy, add, gamma, epsilon, relu, dropoutRate } = options;
  const { mean, magnitude, variance, count } = batchStatistics(x);
  const invStd = variance.map((v) => 1 / Math.sqrt(v + epsilon));
  const passed = (at: number) => {
    const open = relu ? y.values[at]! > 0 : dropoutRate === 0 || y.values[at]! !== 0;
    return open ? dy.values[at]! / (1 - dropoutRate) : 0;
  };
  const normalised = (at: number, c: number) => (x.values[at]! - mean[c]!) * invStd[c]!;
  const normalisedTerms = (at: number, c: number) =>
    (Math.abs(x.values[at]!) + magnitude[c]!) * invStd[c]!;

  const perChannel = () => new Float64Array(x.channels);
  const dgamma = perChannel(), gammaTerms = perChannel();
  const dbeta = perChannel(), betaTerms = perChannel();
  eachValid(x, (at, _, c) => {
    const g = passed(at);
    dgamma[c]! += g * normalised(at, c);
    gammaTerms[c]! += Math.abs(g) * normalisedTerms(at, c);
    dbeta[c]! += g;
    betaTerms[c]! += Math.abs(g);
  });

  const dx = zeros(x);
  const terms = new Float64Array(dx.values.length);
  eachValid(x, (at, _, c) => {
    const g = passed(at);
    const scale = gamma[c]! * invStd[c]!;
    const residual = add ? add.values[at]! : 0;
    dx.values[at] = scale * (g - dbeta[c]! / count - normalised(at, c) * dgamma[c]! / count) +
      residual;
    terms[at] = Math.abs(scale) * (Math.abs(g) + betaTerms[c]! / count +
          normalisedTerms(at, c) * gammaTerms[c]! / count) + Math.abs(residual);
  });
  return {
    dx: { value: dx, terms },
    dgamma: { value: dgamma, terms: gammaTerms },
    dbeta: { value: dbeta, terms: betaTerms },
  };
}
