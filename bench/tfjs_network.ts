/**
 * A network in TensorFlow.js, channels last, for timing.
 *
 * @module
 */
import type * as Tfjs from "@tensorflow/tfjs";
import { analyse } from "../src/model/analyse.ts";
import {
  type ConvNode,
  type Graph,
  INPUT,
  type NormNode,
  type ShortcutNode,
} from "../src/model/graph.ts";

type Tf = typeof Tfjs;
type Signals = Tfjs.Tensor3D;
/** The function of a node. */
type Layer = (x: Signals) => Signals;

const EPSILON = 1e-3;

export class TfjsNetwork {
  private readonly variables: Tfjs.Variable[] = [];
  private readonly layers: readonly Layer[];

  constructor(private readonly tf: Tf, private readonly graph: Graph) {
    this.layers = analyse(graph).nodes.map(({ node, inChannels }) => {
      switch (node.op) {
        case "conv":
          return this.conv(node, inChannels);
        case "norm":
          return this.norm(node, inChannels);
        case "shortcut":
          return this.shortcut(node, inChannels);
      }
    });
  }

  /** Mean cross-entropy. @param x [N, L, 1] @param labels [N * T, classes], one-hot */
  loss(x: Signals, labels: Tfjs.Tensor): Tfjs.Scalar {
    const logits = this.apply(x).reshape(labels.shape);
    return this.tf.losses.softmaxCrossEntropy(labels, logits).asScalar();
  }

  dispose(): void {
    this.tf.dispose(this.variables);
  }

  private apply(x: Signals): Signals {
    const values = new Map([[INPUT, x]]);
    let value = x;
    for (const [i, node] of this.graph.nodes.entries()) {
      value = this.layers[i]!(values.get(node.input)!);
      if (node.op === "conv" && node.add !== undefined) value = value.add(values.get(node.add)!);
      values.set(node.name, value);
    }
    return value;
  }

  private variable(value: Tfjs.Tensor): Tfjs.Variable {
    const variable = this.tf.variable(value);
    this.variables.push(variable);
    return variable;
  }

  private conv({ channels, kernel, stride }: ConvNode, inner: number): Layer {
    const { tf } = this;
    const deviation = Math.sqrt(2 / (inner * kernel));
    const weight = this.variable(tf.randomNormal([kernel, inner, channels], 0, deviation));
    const bias = this.variable(tf.zeros([channels]));
    return (x) => tf.conv1d(x, weight as unknown as Signals, stride, "same").add(bias);
  }

  private norm({ relu, dropout }: NormNode, channels: number): Layer {
    const { tf } = this;
    const gamma = this.variable(tf.ones([channels]));
    const beta = this.variable(tf.zeros([channels]));
    return (x) => {
      const { mean, variance } = tf.moments(x, [0, 1]);
      const normed = x.sub(mean).div(variance.add(EPSILON).sqrt()).mul(gamma).add(beta);
      const activated = relu ? normed.relu() : normed;
      return (dropout > 0 ? tf.dropout(activated, dropout) : activated) as Signals;
    };
  }

  private shortcut({ channels, stride }: ShortcutNode, inner: number): Layer {
    const { tf } = this;
    return (x) => {
      let value: Tfjs.Tensor = x;
      if (stride > 1) {
        const image = x.expandDims(1) as Tfjs.Tensor4D;
        value = tf.maxPool(image, [1, stride], [1, stride], "same").squeeze([1]);
      }
      return value.pad([[0, 0], [0, 0], [0, channels - inner]]) as Signals;
    };
  }
}
