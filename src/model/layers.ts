/**
 * The two layers with parameters. Each records its forward ops and, given what came out, its backward
 * ops; there is no automatic differentiation, the residual network's gradient is written out.
 *
 * @module
 */
import type { NativeBuffer, NativeDevice, NativeParameter, Value } from "../addon/native.ts";
import type { NativeBuilder } from "../addon/native.ts";
import { type FanMode, heNormal } from "./initializers.ts";

/** A trainable tensor with its name in files and reports. */
export interface NamedParameter {
  readonly name: string;
  readonly parameter: NativeParameter;
  /** Convolution weights are; biases and normalisation scales are not (FACTS, the usual protocol). */
  readonly prunable: boolean;
}

/** A running statistic with its name in files. */
export interface NamedBuffer {
  readonly name: string;
  readonly buffer: NativeBuffer;
  /** Its value in a new network: 0 for means, 1 for variances. */
  readonly initial: number;
}

/**
 * How a forward pass normalises.
 * "training": by the batch, whose statistics move the running ones; with dropout.
 * "measuring": by the batch, whose statistics replace the running ones; without dropout.
 * "evaluation": by the running statistics; without dropout.
 */
export type Pass = "training" | "measuring" | "evaluation";

/** Geometry of a convolution. */
export interface ConvShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
}

/** A biased SAME convolution. */
export class Conv1d {
  readonly weight: NativeParameter;
  readonly bias: NativeParameter;

  constructor(device: NativeDevice, readonly name: string, readonly shape: ConvShape) {
    this.weight = device.parameter([shape.outChannels, shape.inChannels, shape.kernel]);
    this.bias = device.parameter([shape.outChannels]);
  }

  get parameters(): NamedParameter[] {
    return [
      { name: `${this.name}.weight`, parameter: this.weight, prunable: true },
      { name: `${this.name}.bias`, parameter: this.bias, prunable: false },
    ];
  }

  /** He weights and zero biases; the mask becomes dense. */
  initialise(options: { mode: FanMode; seed: number }): void {
    const { outChannels, inChannels, kernel } = this.shape;
    const values = heNormal([outChannels, inChannels, kernel], { ...options, name: this.name });
    this.weight.setMask(new Uint8Array(values.length).fill(1));
    this.weight.write("value", values);
    this.bias.write("value", new Float32Array(outChannels));
  }

  /** y = conv(x) + bias (+ add) */
  forward(builder: NativeBuilder, x: Value, add?: Value): Value {
    builder.label(this.name);
    const { weight, bias, shape: { stride } } = this;
    return builder.conv1d(x, { weight, bias, stride, ...(add === undefined ? {} : { add }) });
  }

  /** Gradients of weight and bias; returns nothing, for a layer whose input needs no gradient. */
  backwardParameters(builder: NativeBuilder, y: Value, dy: Value): void {
    builder.label(this.name);
    builder.conv1dWgrad(y, dy);
  }

  /** Gradients of weight, bias and input (+ add). */
  backward(builder: NativeBuilder, y: Value, options: { dy: Value; add?: Value }): Value {
    this.backwardParameters(builder, y, options.dy);
    return builder.conv1dDgrad(y, options);
  }
}

/** Settings that all normalisations of a network share. */
export interface NormConfig {
  readonly epsilon: number;
  readonly momentum: number;
}

/** Batch normalisation, ReLU and, where a rate is given, dropout. */
export class NormRelu {
  readonly gamma: NativeParameter;
  readonly beta: NativeParameter;
  readonly runningMean: NativeBuffer;
  readonly runningVariance: NativeBuffer;

  constructor(
    device: NativeDevice,
    readonly name: string,
    private readonly settings: NormConfig & { channels: number; dropout: number },
  ) {
    const { channels } = settings;
    this.gamma = device.parameter([channels]);
    this.beta = device.parameter([channels]);
    this.runningMean = device.buffer(channels);
    this.runningVariance = device.buffer(channels);
  }

  get parameters(): NamedParameter[] {
    return [
      { name: `${this.name}.gamma`, parameter: this.gamma, prunable: false },
      { name: `${this.name}.beta`, parameter: this.beta, prunable: false },
    ];
  }

  get buffers(): NamedBuffer[] {
    return [
      { name: `${this.name}.running_mean`, buffer: this.runningMean, initial: 0 },
      { name: `${this.name}.running_variance`, buffer: this.runningVariance, initial: 1 },
    ];
  }

  /** gamma 1, beta 0, running mean 0, running variance 1. */
  initialise(): void {
    const { channels } = this.settings;
    this.gamma.write("value", new Float32Array(channels).fill(1));
    this.beta.write("value", new Float32Array(channels));
    for (const { buffer, initial } of this.buffers) {
      buffer.write(new Float32Array(channels).fill(initial));
    }
  }

  forward(builder: NativeBuilder, x: Value, pass: Pass): Value {
    builder.label(this.name);
    const { gamma, beta, runningMean, runningVariance } = this;
    const { epsilon } = this.settings;
    return builder.norm(x, {
      gamma,
      beta,
      runningMean,
      runningVariance,
      epsilon,
      momentum: pass === "measuring" ? 1 : this.settings.momentum,
      training: pass !== "evaluation",
      relu: true,
      dropout: pass === "training" ? this.settings.dropout : 0,
    });
  }

  /** Gradients of gamma, beta and input (+ add). */
  backward(builder: NativeBuilder, y: Value, options: { dy: Value; add?: Value }): Value {
    builder.label(this.name);
    return builder.normBackward(y, options);
  }
}
