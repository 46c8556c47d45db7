/**
 * One residual block of Hannun et al. 2019 (Nature Medicine 25, methods; awni/ecg's network):
 * [BN - ReLU, skipped in block 0] conv - BN - ReLU - dropout - conv, plus the shortcut: max-pool by the
 * stride and zero channels after the existing ones where the block grows.
 *
 * @module
 */
import type { NativeBuilder, NativeDevice, Value } from "../addon/native.ts";
import {
  Conv1d,
  type NamedBuffer,
  type NamedParameter,
  type NormConfig,
  NormRelu,
  type Pass,
} from "./layers.ts";

/** Geometry and settings of one block. */
export interface BlockConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  /** Of the first convolution and of the shortcut's pooling. */
  readonly stride: number;
  /** The first block: the stem has just normalised. */
  readonly first: boolean;
  readonly dropout: number;
  readonly norm: NormConfig;
}

/** What a forward pass leaves for the backward pass. */
export interface BlockTape {
  readonly activated: Value;
  readonly conv1: Value;
  readonly norm2: Value;
  readonly shortcut: Value;
  readonly output: Value;
}

export class ResidualBlock {
  private readonly norm1: NormRelu | null;
  private readonly conv1: Conv1d;
  private readonly norm2: NormRelu;
  private readonly conv2: Conv1d;

  constructor(device: NativeDevice, readonly name: string, private readonly config: BlockConfig) {
    const { inChannels, outChannels, kernel, stride, first, dropout, norm } = config;
    this.norm1 = first
      ? null
      : new NormRelu(device, `${name}.norm1`, { ...norm, channels: inChannels, dropout: 0 });
    this.conv1 = new Conv1d(device, `${name}.conv1`, { inChannels, outChannels, kernel, stride });
    this.norm2 = new NormRelu(device, `${name}.norm2`, { ...norm, channels: outChannels, dropout });
    this.conv2 = new Conv1d(device, `${name}.conv2`, {
      inChannels: outChannels,
      outChannels,
      kernel,
      stride: 1,
    });
  }

  get convolutions(): Conv1d[] {
    return [this.conv1, this.conv2];
  }

  get norms(): NormRelu[] {
    return this.norm1 ? [this.norm1, this.norm2] : [this.norm2];
  }

  get parameters(): NamedParameter[] {
    return [this.norm1, this.conv1, this.norm2, this.conv2].flatMap((l) => l?.parameters ?? []);
  }

  get buffers(): NamedBuffer[] {
    return this.norms.flatMap((norm) => norm.buffers);
  }

  private get plainShortcut(): boolean {
    return this.config.stride === 1 && this.config.inChannels === this.config.outChannels;
  }

  forward(builder: NativeBuilder, x: Value, pass: Pass): BlockTape {
    const activated = this.norm1 ? this.norm1.forward(builder, x, pass) : x;
    const conv1 = this.conv1.forward(builder, activated);
    const norm2 = this.norm2.forward(builder, conv1, pass);
    const shortcut = this.plainShortcut ? x : this.recordShortcut(builder, x);
    const output = this.conv2.forward(builder, norm2, shortcut);
    return { activated, conv1, norm2, shortcut, output };
  }

  private recordShortcut(builder: NativeBuilder, x: Value): Value {
    builder.label(`${this.name}.shortcut`);
    return builder.shortcut(x, { stride: this.config.stride, channels: this.config.outChannels });
  }

  /** From the gradient of the block's output to that of its input. */
  backward(builder: NativeBuilder, tape: BlockTape, dy: Value): Value {
    const dNorm2 = this.conv2.backward(builder, tape.output, { dy });
    const dConv1 = this.norm2.backward(builder, tape.norm2, { dy: dNorm2 });
    const dShortcut = this.plainShortcut ? dy : this.recordShortcutBackward(builder, tape, dy);
    if (!this.norm1) {
      return this.conv1.backward(builder, tape.conv1, { dy: dConv1, add: dShortcut });
    }
    const dActivated = this.conv1.backward(builder, tape.conv1, { dy: dConv1 });
    return this.norm1.backward(builder, tape.activated, { dy: dActivated, add: dShortcut });
  }

  private recordShortcutBackward(builder: NativeBuilder, tape: BlockTape, dy: Value): Value {
    builder.label(`${this.name}.shortcut`);
    return builder.shortcutBackward(tape.shortcut, dy);
  }
}
