/**
 * A trained network as an ONNX model with free batch size and length.
 *
 * @module
 */
import { affineOf, type ConvNumbers, convNumbers, foldAffine, reduceBlock } from "./fold.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import { tensorOf, type TrainedNetwork } from "./network.ts";
import { type BlockLayers, networkLayers, NORM_TENSORS, type NormLayer } from "../model/shape.ts";

/** How to write a model. */
export interface OnnxOptions {
  /**
   * Subtract the mean and divide by the standard deviation inside the model, so that it takes
   * samples as recordings store them; without it the input must be normalised.
   */
  readonly normalisation?: { readonly mean: number; readonly std: number };
  /**
   * "reduced" (the default): norms folded into the convolution before them, filters without
   * survivors removed. "as-trained": every layer and tensor as in training.
   */
  readonly form?: "reduced" | "as-trained";
  /** Write convolutions as two-dimensional ones of height 1, which some runtimes do faster. */
  readonly height?: boolean;
  /** Kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Names of the model's ports: ecg [batch, 1, samples], logits [batch, classes, steps]. */
export const ONNX_INPUT = "ecg";
export const ONNX_OUTPUT = "logits";

/**
 * The bytes of an `.onnx` file. Norms that stand before a convolution, behind a residual sum, stay:
 * ReLU lies between.
 *
 * Filters are removed between the two convolutions of a block alone. A dead filter of a block's second
 * convolution (or of the stem) ends in the residual sum: its channel is what the shortcut brings, not a
 * constant, and is read by all later blocks. Removing it from the convolution alone would need the
 * remaining channels scattered into the sum, a copy of the whole activation at run time; removing it from
 * the sum would be exact only where no earlier block writes the channel and no later one reads it. The
 * engine of `deno task predict`, whose rows are skipped one by one, does without both.
 */
export function onnxModel(network: TrainedNetwork, options: OnnxOptions = {}): Uint8Array {
  return new Writer(network, options).write();
}

class Writer {
  private readonly graph = new OnnxGraph();
  private readonly reduced: boolean;

  constructor(
    private readonly network: TrainedNetwork,
    private readonly options: OnnxOptions,
  ) {
    this.reduced = options.form !== "as-trained";
  }

  write(): Uint8Array {
    const { graph, network, options } = this;
    const { stem, stemNorm, blocks, headNorm, head } = networkLayers(network.shape);
    let x = this.input();
    if (this.reduced) {
      const folded = foldAffine(convNumbers(network, stem), affineOf(network, stemNorm));
      x = this.relu(this.conv(folded, "stem", x), "stem.relu");
    } else {
      x = this.normRelu(stemNorm, this.conv(convNumbers(network, stem), "stem", x));
    }
    for (const block of blocks) x = this.block(block, x);
    const active = this.normRelu(headNorm, x);
    const logits = this.conv(convNumbers(network, head), "head", active);
    this.flatten(logits);
    const sizes = network.shape;
    return graph.encode({
      input: { name: ONNX_INPUT, dims: ["batch", 1, "samples"] },
      output: { name: ONNX_OUTPUT, dims: ["batch", sizes.classes, "steps"] },
      name: "ecg",
      description: options.normalisation
        ? "Single-lead ECG in stored units (1000 per mV) to logits per step"
        : "Normalised single-lead ECG to logits per step",
      metadata: options.metadata ?? {},
    });
  }

  private input(): string {
    const { graph, options: { normalisation, height } } = this;
    let x = ONNX_INPUT;
    if (normalisation) {
      const mean = graph.tensor("mean", [1], Float32Array.of(normalisation.mean));
      const factor = graph.tensor("inverse_std", [1], Float32Array.of(1 / normalisation.std));
      x = graph.node("Sub", [x, mean], { name: "centred" });
      x = graph.node("Mul", [x, factor], { name: "normalised" });
    }
    if (!height) return x;
    const axis = graph.tensor("height_axis", [1], BigInt64Array.of(2n));
    return graph.node("Unsqueeze", [x, axis], { name: "with_height" });
  }

  private flatten(x: string): void {
    if (this.options.height) {
      this.graph.node("Squeeze", [x, "height_axis"], { name: ONNX_OUTPUT });
    } else {
      this.graph.node("Identity", [x], { name: ONNX_OUTPUT });
    }
  }

  /** The extents of one-dimensional sizes, with a height if asked for. */
  private extents(size: number): number[] {
    return this.options.height ? [1, size] : [size];
  }

  private conv(conv: ConvNumbers, name: string, x: string): string {
    const { outChannels, inChannels, kernel, stride } = conv;
    const dims = [outChannels, inChannels, ...this.extents(kernel)];
    const weight = this.graph.tensor(`${name}.weight`, dims, conv.weight);
    const bias = this.graph.tensor(`${name}.bias`, [outChannels], conv.bias);
    return this.graph.node("Conv", [x, weight, bias], {
      name,
      kernel_shape: this.extents(kernel),
      strides: this.extents(stride),
      auto_pad: "SAME_UPPER",
    });
  }

  private relu(x: string, name: string): string {
    return this.graph.node("Relu", [x], { name });
  }

  private normRelu(norm: NormLayer, x: string): string {
    const { name, channels } = norm;
    const inputs = NORM_TENSORS.map((tensor) =>
      this.graph.tensor(
        `${name}.${tensor}`,
        [channels],
        tensorOf(this.network, `${name}.${tensor}`),
      )
    );
    const epsilon = { float: this.network.epsilon };
    const y = this.graph.node("BatchNormalization", [x, ...inputs], { name, epsilon });
    return this.relu(y, `${name}.relu`);
  }

  private block(block: BlockLayers, x: string): string {
    const { norm1, conv1, norm2, conv2 } = block;
    const name = conv1.name.replace(/\.conv1$/, "");
    const active = norm1 ? this.normRelu(norm1, x) : x;
    let inner: string;
    let second: ConvNumbers;
    if (this.reduced) {
      const { first, second: reduced } = reduceBlock(this.network, block);
      inner = this.relu(this.conv(first, conv1.name, active), `${conv1.name}.relu`);
      second = reduced;
    } else {
      inner = this.normRelu(norm2, this.conv(convNumbers(this.network, conv1), conv1.name, active));
      second = convNumbers(this.network, conv2);
    }
    const y = this.conv(second, conv2.name, inner);
    return this.graph.node("Add", [y, this.shortcut(block, { x, name })], { name });
  }

  private shortcut({ conv1 }: BlockLayers, { x, name }: { x: string; name: string }): string {
    let y = x;
    if (conv1.stride > 1) {
      y = this.graph.node("MaxPool", [y], {
        name: `${name}.pool`,
        kernel_shape: this.extents(conv1.stride),
        strides: this.extents(conv1.stride),
        auto_pad: "SAME_UPPER",
      });
    }
    const growth = conv1.outChannels - conv1.inChannels;
    if (growth === 0) return y;
    const rank = this.options.height ? 4 : 3;
    const pads = new BigInt64Array(2 * rank);
    pads[rank + 1] = BigInt(growth);
    const amounts = this.graph.tensor(`${name}.growth`, [2 * rank], pads);
    return this.graph.node("Pad", [y, amounts], { name: `${name}.padded`, mode: "constant" });
  }
}
