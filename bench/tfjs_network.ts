/**
 * The network of the full study in TensorFlow.js, channels last, for timing.
 *
 * @module
 */
import type * as Tfjs from "@tensorflow/tfjs";

type Tf = typeof Tfjs;
type Signals = Tfjs.Tensor3D;

const KERNEL = 16;
const BLOCKS = 16;
const CLASSES = 4;
const DROPOUT = 0.2;
const EPSILON = 1e-3;

export class TfjsNetwork {
  private readonly variables: Tfjs.Variable[] = [];
  private readonly apply: (x: Signals) => Signals;

  /** @param filters Of the stem; they double every four blocks. */
  constructor(private readonly tf: Tf, filters: number) {
    const stem = this.conv(1, { out: filters, kernel: KERNEL, stride: 1 });
    const stemNorm = this.normRelu(filters);
    const blocks: ((x: Signals) => Signals)[] = [];
    let channels = filters;
    for (let i = 0; i < BLOCKS; i++) {
      const out = filters * 2 ** Math.floor(i / 4);
      blocks.push(this.block(channels, { out, stride: i % 2 === 1 ? 2 : 1, first: i === 0 }));
      channels = out;
    }
    const headNorm = this.normRelu(channels);
    const head = this.conv(channels, { out: CLASSES, kernel: 1, stride: 1 });
    this.apply = (x) =>
      head(headNorm(blocks.reduce((value, block) => block(value), stemNorm(stem(x)))));
  }

  /** Mean cross-entropy. @param x [N, L, 1] @param labels [N * L / 256, 4], one-hot */
  loss(x: Signals, labels: Tfjs.Tensor): Tfjs.Scalar {
    const logits = this.apply(x).reshape(labels.shape);
    return this.tf.losses.softmaxCrossEntropy(labels, logits).asScalar();
  }

  dispose(): void {
    this.tf.dispose(this.variables);
  }

  private variable(value: Tfjs.Tensor): Tfjs.Variable {
    const variable = this.tf.variable(value);
    this.variables.push(variable);
    return variable;
  }

  private conv(
    inner: number,
    { out, kernel, stride }: { out: number; kernel: number; stride: number },
  ): (x: Signals) => Signals {
    const { tf } = this;
    const deviation = Math.sqrt(2 / (inner * kernel));
    const weight = this.variable(tf.randomNormal([kernel, inner, out], 0, deviation));
    const bias = this.variable(tf.zeros([out]));
    return (x) => tf.conv1d(x, weight as unknown as Signals, stride, "same").add(bias);
  }

  private normRelu(channels: number, dropout = 0): (x: Signals) => Signals {
    const { tf } = this;
    const gamma = this.variable(tf.ones([channels]));
    const beta = this.variable(tf.zeros([channels]));
    return (x) => {
      const { mean, variance } = tf.moments(x, [0, 1]);
      const normed = x.sub(mean).div(variance.add(EPSILON).sqrt()).mul(gamma).add(beta).relu();
      return (dropout > 0 ? tf.dropout(normed, dropout) : normed) as Signals;
    };
  }

  private block(
    inner: number,
    { out, stride, first }: { out: number; stride: number; first: boolean },
  ): (x: Signals) => Signals {
    const { tf } = this;
    const norm1 = first ? null : this.normRelu(inner);
    const conv1 = this.conv(inner, { out, kernel: KERNEL, stride });
    const norm2 = this.normRelu(out, DROPOUT);
    const conv2 = this.conv(out, { out, kernel: KERNEL, stride: 1 });
    const before = Math.floor((out - inner) / 2);
    return (x) => {
      const value = conv2(norm2(conv1(norm1 ? norm1(x) : x)));
      let shortcut: Tfjs.Tensor = x;
      if (stride > 1) {
        const image = x.expandDims(1) as Tfjs.Tensor4D;
        shortcut = tf.maxPool(image, [1, stride], [1, stride], "same").squeeze([1]);
      }
      if (out > inner) shortcut = shortcut.pad([[0, 0], [0, 0], [before, out - inner - before]]);
      return value.add(shortcut);
    };
  }
}
