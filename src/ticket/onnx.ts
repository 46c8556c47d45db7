/**
 * Writes a trained network as an ONNX model with free batch size and length.
 *
 * @module
 */
import { analyse } from "../model/analyse.ts";
import { INPUT, NORM_TENSORS } from "../model/graph.ts";
import {
  absorbedWork,
  type ConvWork,
  type NormWork,
  type ShortcutWork,
  type Work,
  workAsTrained,
} from "./absorb.ts";
import { tensorOf, type TrainedNetwork } from "./network.ts";
import { OnnxGraph, OPSETS, type WeightStorage } from "./onnx_graph.ts";

/** How to write a model. */
export interface OnnxOptions extends Partial<WeightStorage> {
  /**
   * Subtracts the mean and divides by the standard deviation inside the model, which then takes samples as
   * recordings store them. Without it the input must be normalised.
   */
  readonly normalisation?: { readonly mean: number; readonly std: number };
  /**
   * "reduced" (the default): norms absorbed into the convolution before them, filters without
   * survivors removed. "as-trained": every layer and tensor as in training.
   */
  readonly form?: "reduced" | "as-trained";
  /** Writes convolutions as two-dimensional ones of height 1; some runtimes compute those faster. */
  readonly height?: boolean;
  /** Operator set of the file, one of OPSETS. By default the oldest, which most runtimes accept. */
  readonly opset?: number;
  /** Kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Names of the model's ports: ecg [batch, 1, samples], logits [batch, classes, steps]. */
export const ONNX_INPUT = "ecg";
export const ONNX_OUTPUT = "logits";

/**
 * The bytes of an `.onnx` file. The model cuts off an incomplete last step, as everywhere else; fewer
 * samples than one step give no logits.
 *
 * A norm after a sum stays, because ReLU lies between it and the next convolution. Filters are removed if
 * only convolutions read them. If a convolution ends in a sum, the channel of its dead filter is not
 * constant: it holds the shortcut's values, and all later blocks read it. Removing the filter from the
 * convolution alone would need the remaining channels scattered into the sum, a copy of the whole
 * activation at run time. Removing the channel from the sum would be exact only if no earlier block writes
 * it and no later block reads it. The engine of `deno task predict` skips single rows and needs neither.
 *
 * @throws {RangeError} If the operator set is not one of OPSETS.
 * @throws {UsageError} If a weight does not fit 16-bit floats.
 */
export function onnxModel(network: TrainedNetwork, options: OnnxOptions = {}): Uint8Array {
  return new Writer(network, options).write();
}

class Writer {
  private readonly graph: OnnxGraph;

  constructor(
    private readonly network: TrainedNetwork,
    private readonly options: OnnxOptions,
  ) {
    this.graph = new OnnxGraph(options.opset ?? OPSETS[0]);
  }

  write(): Uint8Array {
    const { graph, network, options } = this;
    const { hop, classes } = analyse(network.graph);
    const works = options.form === "as-trained" ? workAsTrained(network) : absorbedWork(network);
    const values = new Map([[INPUT, this.input(hop)]]);
    for (const work of works) values.set(work.name, this.work(work, values));
    this.output(values.get(works.at(-1)!.name)!);
    return graph.encode({
      input: { name: ONNX_INPUT, dims: ["batch", 1, "samples"] },
      output: { name: ONNX_OUTPUT, dims: ["batch", classes, "steps"] },
      name: "ecg",
      description: options.normalisation
        ? "Single-lead ECG in stored units (1000 per mV) to logits per step"
        : "Normalised single-lead ECG to logits per step",
      metadata: options.metadata ?? {},
    });
  }

  /** The input cut to whole steps, normalised if requested. */
  private input(hop: number): string {
    const { graph, options: { normalisation, height } } = this;
    const number = (name: string, value: number) =>
      graph.tensor(name, [1], BigInt64Array.of(BigInt(value)));
    const axis = number("samples_axis", 2);
    const extents = graph.node("Shape", [ONNX_INPUT], { name: "extents" });
    const samples = graph.node("Gather", [extents, axis], { name: "samples" });
    const step = number("samples_per_step", hop);
    const steps = graph.node("Div", [samples, step], { name: "whole_steps" });
    const end = graph.node("Mul", [steps, step], { name: "samples_used" });
    const start = number("samples_start", 0);
    let x = graph.node("Slice", [ONNX_INPUT, start, end, axis], { name: "whole" });
    if (normalisation) {
      const mean = graph.tensor("mean", [1], Float32Array.of(normalisation.mean));
      const factor = graph.tensor("inverse_std", [1], Float32Array.of(1 / normalisation.std));
      x = graph.node("Sub", [x, mean], { name: "centred" });
      x = graph.node("Mul", [x, factor], { name: "normalised" });
    }
    if (!height) return x;
    return graph.node("Unsqueeze", [x, axis], { name: "with_height" });
  }

  private output(x: string): void {
    if (this.options.height) {
      this.graph.node("Squeeze", [x, "samples_axis"], { name: ONNX_OUTPUT });
    } else {
      this.graph.node("Identity", [x], { name: ONNX_OUTPUT });
    }
  }

  private work(work: Work, values: ReadonlyMap<string, string>): string {
    const x = values.get(work.input)!;
    if (work.op === "norm") return this.norm(work, x);
    if (work.op === "shortcut") return this.shortcut(work, x);
    const y = this.conv(work, x);
    if (work.add === null) return y;
    return this.graph.node("Add", [y, values.get(work.add)!], { name: `${work.name}.sum` });
  }

  /** A one-dimensional size as extents, with a height if requested. */
  private extents(size: number): number[] {
    return this.options.height ? [1, size] : [size];
  }

  private conv({ layer: name, relu, numbers }: ConvWork, x: string): string {
    const { outChannels, inChannels, kernel, stride } = numbers;
    const dims = [outChannels, inChannels, ...this.extents(kernel)];
    const { float16 = false, sparse = false } = this.options;
    const weight = this.graph.weight(`${name}.weight`, {
      ...{ dims, data: numbers.weight, float16, sparse },
    });
    const bias = this.graph.tensor(`${name}.bias`, [outChannels], numbers.bias);
    const y = this.graph.node("Conv", [x, weight, bias], {
      name: `${name}.conv`,
      kernel_shape: this.extents(kernel),
      strides: this.extents(stride),
      auto_pad: "SAME_UPPER",
    });
    return relu ? this.relu(y, name) : y;
  }

  private relu(x: string, name: string): string {
    return this.graph.node("Relu", [x], { name: `${name}.relu` });
  }

  private norm({ name, channels, relu }: NormWork, x: string): string {
    const inputs = NORM_TENSORS.map((tensor) =>
      this.graph.tensor(
        `${name}.${tensor}`,
        [channels],
        tensorOf(this.network, `${name}.${tensor}`),
      )
    );
    const epsilon = { float: this.network.epsilon };
    const y = this.graph.node("BatchNormalization", [x, ...inputs], {
      name: `${name}.norm`,
      epsilon,
    });
    return relu ? this.relu(y, name) : y;
  }

  private shortcut({ name, stride, inChannels, channels }: ShortcutWork, x: string): string {
    let y = x;
    if (stride > 1) {
      y = this.graph.node("MaxPool", [y], {
        name: `${name}.pool`,
        kernel_shape: this.extents(stride),
        strides: this.extents(stride),
        auto_pad: "SAME_UPPER",
      });
    }
    if (channels === inChannels) return y;
    const rank = this.options.height ? 4 : 3;
    const pads = new BigInt64Array(2 * rank);
    pads[rank + 1] = BigInt(channels - inChannels);
    const amounts = this.graph.tensor(`${name}.growth`, [2 * rank], pads);
    return this.graph.node("Pad", [y, amounts], { name: `${name}.padded`, mode: "constant" });
  }
}
