/**
 * The network of Hannun et al. 2019 in awni/ecg's CinC 2017 configuration: a stem convolution, residual
 * blocks whose filters double every four, and a 1x1 head that gives one prediction per hop of samples.
 * At full size: 33 convolutions of width 16 and the head, 10,454,528 prunable weights, hop 256.
 *
 * @module
 */
import type {
  AveragedBuffer,
  NativeBuffer,
  NativeBuilder,
  NativeDevice,
  Value,
} from "../addon/native.ts";
import type { FanMode } from "./initializers.ts";
import {
  Conv1d,
  type NamedBuffer,
  type NamedParameter,
  type NormConfig,
  NormRelu,
  type Pass,
} from "./layers.ts";
import { type BlockTape, ResidualBlock } from "./residual_block.ts";

/** Size and settings of the network. */
export interface NetworkConfig {
  /** Filters of the stem and the first blocks; 32 at full size. */
  readonly filters: number;
  /** Kernel size of all convolutions but the head; 16 at full size. */
  readonly kernel: number;
  /** Residual blocks; 16 at full size. Odd ones (1, 3, ...) halve the length. */
  readonly blocks: number;
  /** Filters double after this many blocks. */
  readonly blocksPerStage: number;
  readonly classes: number;
  /** Dropout rate before each block's second convolution. */
  readonly dropout: number;
  readonly init: FanMode;
  readonly norm: NormConfig;
}

/** What a forward pass leaves for the backward pass. */
export interface NetworkTape {
  readonly input: Value;
  readonly stem: Value;
  readonly stemNorm: Value;
  readonly blocks: readonly BlockTape[];
  readonly headNorm: Value;
  /** [N, classes, T] */
  readonly logits: Value;
}

/** One convolution as a report sees it. */
export interface ConvGeometry {
  readonly name: string;
  /** [Cout, Cin, K] */
  readonly shape: readonly [number, number, number];
  /** Samples of the network's input per position of the output. */
  readonly samplesPerOutput: number;
}

/** Samples per prediction: the product of the strides. */
export function hopOf(config: Pick<NetworkConfig, "blocks">): number {
  return 2 ** Math.floor(config.blocks / 2);
}

export class ResNet1d implements Disposable {
  readonly config: NetworkConfig;
  readonly hop: number;
  private readonly stem: Conv1d;
  private readonly stemNorm: NormRelu;
  private readonly blocks: ResidualBlock[] = [];
  private readonly headNorm: NormRelu;
  private readonly head: Conv1d;
  /** Of the running statistics; empty if none are kept. */
  private averages: NativeBuffer[] = [];

  constructor(device: NativeDevice, config: NetworkConfig) {
    this.config = config;
    this.hop = hopOf(config);
    const { filters, kernel, norm } = config;
    this.stem = new Conv1d(device, "stem", {
      inChannels: 1,
      outChannels: filters,
      kernel,
      stride: 1,
    });
    this.stemNorm = new NormRelu(device, "stem.norm", { ...norm, channels: filters, dropout: 0 });
    let channels = filters;
    for (let i = 0; i < config.blocks; i++) {
      const outChannels = filters * 2 ** Math.floor(i / config.blocksPerStage);
      this.blocks.push(
        new ResidualBlock(device, `block${i}`, {
          inChannels: channels,
          outChannels,
          kernel,
          stride: i % 2 === 1 ? 2 : 1,
          first: i === 0,
          dropout: config.dropout,
          norm,
        }),
      );
      channels = outChannels;
    }
    this.headNorm = new NormRelu(device, "head.norm", { ...norm, channels, dropout: 0 });
    this.head = new Conv1d(device, "head", {
      inChannels: channels,
      outChannels: config.classes,
      kernel: 1,
      stride: 1,
    });
  }

  /** Every trainable tensor, in the order of the forward pass: the order of files and of ties. */
  get parameters(): NamedParameter[] {
    return [this.stem, this.stemNorm, ...this.blocks, this.headNorm, this.head]
      .flatMap((layer) => layer.parameters);
  }

  get prunable(): NamedParameter[] {
    return this.parameters.filter((p) => p.prunable);
  }

  get buffers(): NamedBuffer[] {
    return [this.stemNorm, ...this.blocks, this.headNorm].flatMap((layer) => layer.buffers);
  }

  /** From now on there is a moving average of every parameter and running statistic. */
  keepAverages(device: NativeDevice): void {
    if (this.keepsAverages) return;
    for (const { parameter } of this.parameters) parameter.keepAverage();
    this.averages = this.buffers.map(({ buffer }) => device.buffer(buffer.size));
  }

  get keepsAverages(): boolean {
    return this.averages.length > 0;
  }

  /** The running statistics with their averages, in the order of `buffers`; none if none are kept. */
  get averagedBuffers(): (AveragedBuffer & { name: string })[] {
    if (!this.keepsAverages) return [];
    return this.buffers.map(({ name, buffer }, i) => ({
      name,
      value: buffer,
      average: this.averages[i]!,
    }));
  }

  /** Every convolution with how often it is applied. */
  get geometry(): ConvGeometry[] {
    let samplesPerOutput = 1;
    return this.convolutions.map(({ name, shape }) => {
      samplesPerOutput *= shape.stride;
      return {
        name,
        shape: [shape.outChannels, shape.inChannels, shape.kernel],
        samplesPerOutput,
      };
    });
  }

  private get convolutions(): Conv1d[] {
    return [this.stem, ...this.blocks.flatMap((block) => block.convolutions), this.head];
  }

  /** A new network from `seed`: He weights, zero biases, identity normalisation, dense masks. */
  initialise(seed: number): void {
    for (const conv of this.convolutions) conv.initialise({ mode: this.config.init, seed });
    const norms = [this.stemNorm, ...this.blocks.flatMap((block) => block.norms), this.headNorm];
    for (const norm of norms) norm.initialise();
  }

  /** @param x [N, 1, L] */
  forward(builder: NativeBuilder, x: Value, pass: Pass): NetworkTape {
    const stem = this.stem.forward(builder, x);
    const stemNorm = this.stemNorm.forward(builder, stem, pass);
    const blocks: BlockTape[] = [];
    let value = stemNorm;
    for (const block of this.blocks) {
      const tape = block.forward(builder, value, pass);
      blocks.push(tape);
      value = tape.output;
    }
    const headNorm = this.headNorm.forward(builder, value, pass);
    const logits = this.head.forward(builder, headNorm);
    return { input: x, stem, stemNorm, blocks, headNorm, logits };
  }

  /** Gradients of every parameter, from that of the logits. */
  backward(builder: NativeBuilder, tape: NetworkTape, dlogits: Value): void {
    let gradient = this.head.backward(builder, tape.logits, { dy: dlogits });
    gradient = this.headNorm.backward(builder, tape.headNorm, { dy: gradient });
    for (let i = this.blocks.length - 1; i >= 0; i--) {
      gradient = this.blocks[i]!.backward(builder, tape.blocks[i]!, gradient);
    }
    gradient = this.stemNorm.backward(builder, tape.stemNorm, { dy: gradient });
    this.stem.backwardParameters(builder, tape.stem, gradient);
  }

  dispose(): void {
    for (const { parameter } of this.parameters) parameter.dispose();
    for (const { buffer } of this.buffers) buffer.dispose();
    for (const average of this.averages) average.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
