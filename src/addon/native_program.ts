/**
 * How a step is traced and replayed: builders, their ops and the programs they make. native.ts has the
 * rest of the contract.
 *
 * @module
 */
import type { NativeBuffer, NativeDataset, NativeParameter } from "./native_memory.ts";

/** Handle of an activation inside one builder and the program made from it; opaque. */
export type Value = number & { readonly __value: unique symbol };

/** Settings of batch normalisation with its fused ReLU and dropout. */
export interface NormSettings {
  readonly gamma: NativeParameter;
  readonly beta: NativeParameter;
  readonly runningMean: NativeBuffer;
  readonly runningVariance: NativeBuffer;
  readonly epsilon: number;
  /** running += momentum * (batch - running) */
  readonly momentum: number;
  /** false: normalise with the running statistics. */
  readonly training: boolean;
  readonly relu: boolean;
  /** Rate 0 to < 1; applied only when training. */
  readonly dropout: number;
}

/** Settings of the optimiser op. */
export interface OptimizerSettings {
  /**
   * `adam` and `sgd` add the decay to the gradient. `adamw` multiplies the weights by 1 - rate * decay
   * before the update, those of parameters of two and more extents: not biases and norms.
   */
  readonly kind: "adam" | "sgd" | "adamw";
  /** Adam's beta1, SGD's momentum. */
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Global norm to clip gradients to; 0 for none. */
  readonly clipNorm: number;
}

/**
 * What a loss adds to plain cross-entropy; native/include/lth/backend.h has the formula. Each is left
 * out by default.
 */
export interface LossSettings {
  /** 0 to 1: of each target that goes to all classes alike. */
  readonly labelSmoothing?: number;
  /** Gamma of the focal loss, at least 0. */
  readonly focal?: number;
  /** [classes], each at least 0, not all 0. */
  readonly classWeights?: readonly number[];
  /** Logits of the shape of the network's own. */
  readonly teachers?: readonly Value[];
  /** That softens the teachers' and the network's probabilities; more than 0. */
  readonly temperature?: number;
  /** 0 to 1: share of the loss that is the teachers'. */
  readonly teacherWeight?: number;
}

/** The ends of a range that a number is drawn from uniformly, for every record of a batch anew. */
export type Range = readonly [low: number, high: number];

/**
 * Random changes of the records of a batch, made in the order of these fields; what is absent changes
 * nothing. Formulas: native/include/lth/augmented_slot.h; sources: docs/augmentation.md.
 */
export interface Augmentation {
  /** A stretched or cut record keeps a multiple of so many samples. */
  readonly hop: number;
  /**
   * The record becomes so many times as long (1/16 to 16). What does not fit into the batch is cut: a
   * random window remains, with or without a stretch.
   */
  readonly stretch?: Range | undefined;
  /** log2 of the factor that the normalised samples are multiplied by (-16 to 16). */
  readonly log2Amplitude?: Range | undefined;
  /** A sine is added: amplitude in units of the samples, frequency in cycles per sample (0 to 0.5). */
  readonly wander?: { readonly amplitude: Range; readonly frequency: Range } | undefined;
  /** Standard deviation of added white noise, in units of the samples. */
  readonly noise?: Range | undefined;
  /** At every sample a burst of `length` zeros begins with this probability (0 to < 1; 1 to 4096). */
  readonly bursts?: { readonly probability: number; readonly length: number } | undefined;
  /** So many stretches (0 to 8) of 1 to `length` samples, at most half the record, become zero. */
  readonly masks?: { readonly count: number; readonly length: number } | undefined;
  /**
   * Every record is mixed with another one of the batch, and so is the loss of its labels: its share is
   * drawn from Beta(mixup, mixup), 0.05 to 2; 0 for none.
   */
  readonly mixup?: number | undefined;
}

/** A running statistic and the buffer of its average. */
export interface AveragedBuffer {
  readonly value: NativeBuffer;
  readonly average: NativeBuffer;
}

/** Records the op sequence of a step; see native/include/lth/program.h for the definitions. */
export interface NativeBuilder extends Disposable {
  /** Names the ops recorded from here on. */
  label(name: string): void;
  /**
   * Batch assembly from a resident data set: [N, 1, L], normalised, zero past each record's end; with
   * random changes of the records if `augment` is given, and with the other sign if `negate` is.
   */
  gather(
    dataset: NativeDataset,
    options: {
      mean: number;
      std: number;
      flip: boolean;
      augment?: Augmentation | undefined;
      negate?: boolean;
    },
  ): Value;
  /** An input that {@linkcode NativeProgram.writeValue} fills: [N, C, L]. */
  input(channels: number, length: number): Value;
  /** SAME convolution. weight [Cout, Cin, K], bias [Cout]; `add` has the output's shape. */
  conv1d(
    x: Value,
    options: { weight: NativeParameter; bias: NativeParameter; stride: number; add?: Value },
  ): Value;
  /** Batch normalisation, ReLU and dropout, as asked for. */
  norm(x: Value, settings: NormSettings): Value;
  /** Max-pool by `stride`, then zero channels up to `channels`. */
  shortcut(x: Value, options: { stride: number; channels: number }): Value;
  /** The loss, mean cross-entropy over valid steps by default; returns dlogits. */
  crossEntropy(logits: Value, settings?: LossSettings): Value;
  /**
   * Records the backward pass of what has been recorded, from the gradient `dy` of `y`: the gradients of
   * all parameters that `y` depends on go to their slots. A value that several ops read gets the sum.
   *
   * @param options.inputs Values whose gradients are wanted too.
   * @param options.also Further values with a gradient of theirs.
   * @returns The gradient of each of `inputs`.
   * @throws {NativeError} If a norm on the way is not training, if a parameter is used twice, and after
   *   the optimiser.
   * @throws {RangeError} If `y` depends on no parameter and on none of `inputs`.
   */
  backward(
    y: Value,
    dy: Value,
    options?: {
      inputs?: readonly Value[];
      also?: readonly { value: Value; gradient: Value }[];
    },
  ): Value[];
  /** Clip and update, after all gradients. */
  optimizer(parameters: readonly NativeParameter[], settings: OptimizerSettings): void;
  /**
   * After the optimiser: moves the averages of its parameters, which must keep them, and of buffers by
   * (1 - decay) / (1 - decay^step) of the way to their values, step being the optimiser's. A step that is
   * not applied moves none.
   */
  average(options: { buffers: readonly AveragedBuffer[]; decay: number }): void;
  /** Keeps a value readable after a run. */
  output(value: Value): void;
  /** Bytes of activation memory that {@linkcode build} would ask for now. Allocates nothing. */
  plannedBytes(): number;
  /** Ends recording. */
  build(): NativeProgram;
  dispose(): void;
}

/** Inputs of a run of S steps of N record slots (each program's own N). */
export interface RunInputs {
  /**
   * [S * N] records, -1 for an empty slot: one row for each program, which those without gather
   * skip. Needed if any program gathers.
   */
  readonly records?: Int32Array;
  /** [S]. Needed if any program has an optimizer. */
  readonly learningRates?: Float32Array;
  /**
   * Of the first step: 1 for the first update since the optimiser was reset; then +1 per step.
   * Needed if any program has an optimizer.
   */
  readonly optimizerStep?: number;
  /**
   * Random stream of the first step (dropout, sign flips, augmentation), from 0; then +1 per step,
   * modulo 2^32. Needed if any program draws random numbers.
   */
  readonly stream?: number;
}

/**
 * Results of a run, one entry per step. A training step whose loss or gradient norm is not finite is
 * not applied: weights and moments stay as they were, as do running statistics that such a batch would
 * make infinite or NaN. The run ends behind it, and there are fewer entries than programs.
 */
export interface RunResults {
  /** Mean loss over valid steps. */
  readonly loss: Float64Array;
  /** Valid steps. */
  readonly valid: Float64Array;
  /** Valid steps whose argmax is the label. */
  readonly correct: Float64Array;
  /** Global norm before clipping; 0 for programs without optimizer. */
  readonly gradientNorm: Float64Array;
}

/** Time and work of one op, summed over the runs since the last reset. */
export interface OpProfile {
  readonly label: string;
  readonly op: string;
  /** The kernel that was chosen. */
  readonly detail: string;
  readonly seconds: number;
  /** Useful floating-point operations (surviving weights only) of one replay. */
  readonly flops: number;
  readonly denseFlops: number;
  /** Of its operands and results as fp32, each once: what one replay moves at least. */
  readonly bytes: number;
}

/** What a convolution runs on. */
export interface ConvKernels {
  /** Of its forward op. */
  readonly label: string;
  /** For {@linkcode NativeParameter.setKernels}, e.g. "forward=tf32 dgrad=sparse wgrad=tf32". */
  readonly kernels: string;
}

/** A recorded step. */
export interface NativeProgram extends Disposable {
  readonly records: number;
  readonly length: number;
  /** Bytes of the shared activation arena that this program needs. */
  readonly arenaBytes: number;
  /**
   * Fills an `input`: host [N, C, L]; lengths [N] default to L, labels [N] stay as they were, 0 at
   * first.
   */
  writeValue(
    value: Value,
    data: { values: Float32Array; lengths?: Int32Array; labels?: Int32Array },
  ): void;
  /**
   * Host copy [N, C, L] of an input or a value marked as output; zeros past each record's end.
   * Programs share their memory: throws NativeError unless this one was the last to run.
   */
  readValue(value: Value): Float32Array;
  /** [N, C, L] */
  valueShape(value: Value): [number, number, number];
  profile(): OpProfile[];
  resetProfile(): void;
  /**
   * Times the kernels of every convolution at this program's shapes, on the device's own thread as a
   * run, and sets the fastest for its weight. Not repeatable: record what it gives.
   *
   * @returns A promise of one entry per weight, in program order; of none, at once, where the device
   *   does not time convolutions.
   */
  chooseKernels(): Promise<ConvKernels[]>;
  dispose(): void;
}
