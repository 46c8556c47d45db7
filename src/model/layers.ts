/**
 * The nodes of a graph on a device: their tensors, and the op that each node traces.
 *
 * @module
 */
import type {
  NativeBuffer,
  NativeBuilder,
  NativeDevice,
  NativeParameter,
  Value,
} from "../addon/native.ts";
import type { ConvNode, NormNode, ShortcutNode } from "./graph.ts";
import { type FanMode, heNormal } from "./initializers.ts";

/** A trainable tensor with its name in files and reports. */
export interface NamedParameter {
  readonly name: string;
  readonly parameter: NativeParameter;
  /** True for convolution weights; false for biases and scales of norms, as usual. */
  readonly prunable: boolean;
}

/** A running statistic with its name in files. */
export interface NamedBuffer {
  readonly name: string;
  readonly buffer: NativeBuffer;
  /** Value in a new network: 0 for means, 1 for variances. */
  readonly initial: number;
}

/**
 * How a forward pass normalises.
 * "training": with the batch's statistics, which update the running ones; with dropout.
 * "undropped": as "training", without dropout.
 * "measuring": with the batch's statistics, which replace the running ones; without dropout.
 * "evaluation": with the running statistics; without dropout.
 */
export type Pass = "training" | "undropped" | "measuring" | "evaluation";

/** The inputs of a node in a forward pass. */
export interface Reads {
  readonly x: Value;
  /** The value that a convolution adds. */
  readonly add: Value | undefined;
}

/** A node of a graph on a device. */
export interface Layer {
  /** Trainable tensors, in the order of files. */
  readonly parameters: NamedParameter[];
  readonly buffers: NamedBuffer[];
  /** Sets all its tensors to the values of a new network. */
  initialise(options: { mode: FanMode; seed: number }): void;
  record(builder: NativeBuilder, reads: Reads, pass: Pass): Value;
}

/** A biased SAME convolution. */
export class Conv1d implements Layer {
  readonly weight: NativeParameter;
  readonly bias: NativeParameter;
  readonly buffers: NamedBuffer[] = [];
  private readonly shape: readonly [number, number, number];

  constructor(device: NativeDevice, private readonly node: ConvNode, inChannels: number) {
    this.shape = [node.channels, inChannels, node.kernel];
    this.weight = device.parameter([...this.shape]);
    this.bias = device.parameter([node.channels]);
  }

  get parameters(): NamedParameter[] {
    const { node: { name }, weight, bias } = this;
    return [
      { name: `${name}.weight`, parameter: weight, prunable: true },
      { name: `${name}.bias`, parameter: bias, prunable: false },
    ];
  }

  /** He weights and zero biases; the mask becomes dense. */
  initialise(options: { mode: FanMode; seed: number }): void {
    const values = heNormal(this.shape, { ...options, name: this.node.name });
    this.weight.setMask(new Uint8Array(values.length).fill(1));
    this.weight.write("value", values);
    this.bias.write("value", new Float32Array(this.bias.size));
  }

  /** y = conv(x) + bias (+ add) */
  record(builder: NativeBuilder, { x, add }: Reads): Value {
    const { weight, bias, node: { stride } } = this;
    return builder.conv1d(x, { weight, bias, stride, ...(add === undefined ? {} : { add }) });
  }
}

/** Settings that all norms of a network share. */
export interface NormConfig {
  readonly epsilon: number;
  readonly momentum: number;
}

/** Batch normalisation, with ReLU and dropout if the node has them. */
export class NormRelu implements Layer {
  readonly gamma: NativeParameter;
  readonly beta: NativeParameter;
  readonly runningMean: NativeBuffer;
  readonly runningVariance: NativeBuffer;

  constructor(
    device: NativeDevice,
    private readonly node: NormNode,
    private readonly settings: NormConfig & { channels: number },
  ) {
    const { channels } = settings;
    this.gamma = device.parameter([channels]);
    this.beta = device.parameter([channels]);
    this.runningMean = device.buffer(channels);
    this.runningVariance = device.buffer(channels);
  }

  get parameters(): NamedParameter[] {
    const { node: { name }, gamma, beta } = this;
    return [
      { name: `${name}.gamma`, parameter: gamma, prunable: false },
      { name: `${name}.beta`, parameter: beta, prunable: false },
    ];
  }

  get buffers(): NamedBuffer[] {
    const { node: { name }, runningMean, runningVariance } = this;
    return [
      { name: `${name}.running_mean`, buffer: runningMean, initial: 0 },
      { name: `${name}.running_variance`, buffer: runningVariance, initial: 1 },
    ];
  }

  /** Sets gamma 1, beta 0, running mean 0, running variance 1. */
  initialise(): void {
    const { channels } = this.settings;
    this.gamma.write("value", new Float32Array(channels).fill(1));
    this.beta.write("value", new Float32Array(channels));
    for (const { buffer, initial } of this.buffers) {
      buffer.write(new Float32Array(channels).fill(initial));
    }
  }

  record(builder: NativeBuilder, { x }: Reads, pass: Pass): Value {
    const { gamma, beta, runningMean, runningVariance, node: { relu, dropout } } = this;
    const { epsilon, momentum } = this.settings;
    return builder.norm(x, {
      gamma,
      beta,
      runningMean,
      runningVariance,
      epsilon,
      momentum: pass === "measuring" ? 1 : momentum,
      training: pass !== "evaluation",
      relu,
      dropout: pass === "training" ? dropout : 0,
    });
  }
}

/** Max-pooling, then zero channels after the existing ones. */
export class Shortcut implements Layer {
  readonly parameters: NamedParameter[] = [];
  readonly buffers: NamedBuffer[] = [];

  constructor(private readonly node: ShortcutNode) {}

  initialise(): void {}

  record(builder: NativeBuilder, { x }: Reads): Value {
    const { stride, channels } = this.node;
    return builder.shortcut(x, { stride, channels });
  }
}
