/**
 * The contract of tracing and replaying a step: builders, their ops and the programs they make. native.ts
 * has the rest of the contract.
 *
 * @module
 */
import type { NativeBuffer, NativeDataset, NativeParameter } from "./native_memory.ts";

/** Handle of an activation inside one builder and the program made from it; opaque. */
export type Value = number & { readonly __value: unique symbol };

/** Settings of batch normalisation with its fused ReLU and dropout. */
export interface NormSettings {
  /** Scale of each channel [C]. */
  readonly gamma: NativeParameter;
  /** Shift of each channel [C]. */
  readonly beta: NativeParameter;
  /** Running mean of each channel [C]; training updates it. */
  readonly runningMean: NativeBuffer;
  /** Running variance of each channel [C]; training updates it. */
  readonly runningVariance: NativeBuffer;
  /** Added to the variance before its root; more than 0. */
  readonly epsilon: number;
  /** running += momentum * (batch - running) */
  readonly momentum: number;
  /** If false, normalise with the running statistics. */
  readonly training: boolean;
  /** Whether negative results become 0. */
  readonly relu: boolean;
  /** Rate 0 to < 1; applied only when training. */
  readonly dropout: number;
}

/** Settings of the optimiser op. */
export interface OptimizerSettings {
  /**
   * `adam` and `sgd` add the decay to the gradient. `adamw` multiplies the weights by 1 - rate * decay
   * before the update, but only in parameters with two or more extents: not in biases and norms.
   */
  readonly kind: "adam" | "sgd" | "adamw";
  /** Adam's beta1, SGD's momentum. */
  readonly beta1: number;
  /** Adam's decay of the mean squared gradient. */
  readonly beta2: number;
  /** Adam's constant in the denominator; more than 0. */
  readonly epsilon: number;
  /** At least 0; `kind` says how it is applied. */
  readonly weightDecay: number;
  /** Global norm to clip gradients to; 0 for none. */
  readonly clipNorm: number;
}

/**
 * Additions to plain cross-entropy; native/include/lth/backend.h has the formula. By default there are
 * none.
 */
export interface LossSettings {
  /** 0 to 1: share of each target that is spread over all classes. */
  readonly labelSmoothing?: number;
  /** Gamma of the focal loss, at least 0. */
  readonly focal?: number;
  /** [classes], each at least 0, not all 0. */
  readonly classWeights?: readonly number[];
  /** Logits with the shape of the network's logits. */
  readonly teachers?: readonly Value[];
  /** Temperature that softens the teachers' and the network's probabilities; more than 0. */
  readonly temperature?: number;
  /** 0 to 1: share of the loss that comes from the teachers. */
  readonly teacherWeight?: number;
}

/** The ends of a range. A number is drawn uniformly from it for every record of a batch. */
export type Range = readonly [low: number, high: number];

/**
 * Random changes of the records of a batch, made in the order of these fields; an absent field changes
 * nothing. Formulas: native/include/lth/augmented_slot.h; sources: docs/augmentation.md.
 */
export interface Augmentation {
  /** A stretched or cut record keeps a multiple of this number of samples. */
  readonly hop: number;
  /**
   * Factor on the length of the record (1/16 to 16). A record that does not fit into the batch is cut to a
   * random window, with or without a stretch.
   */
  readonly stretch?: Range | undefined;
  /** log2 of the factor on the normalised samples (-16 to 16). */
  readonly log2Amplitude?: Range | undefined;
  /** A sine is added: amplitude in units of the samples, frequency in cycles per sample (0 to 0.5). */
  readonly wander?: { readonly amplitude: Range; readonly frequency: Range } | undefined;
  /** Standard deviation of added white noise, in units of the samples. */
  readonly noise?: Range | undefined;
  /** At every sample a burst of `length` zeros begins with this probability (0 to < 1; 1 to 4096). */
  readonly bursts?: { readonly probability: number; readonly length: number } | undefined;
  /** `count` stretches (0 to 8) of 1 to `length` samples, at most half the record, become zero. */
  readonly masks?: { readonly count: number; readonly length: number } | undefined;
  /**
   * Mixes every record with another one of the batch, and their losses likewise. The record's share is drawn
   * from Beta(mixup, mixup), 0.05 to 2; 0 for no mixup.
   */
  readonly mixup?: number | undefined;
}

/** A running statistic and the buffer of its average. */
export interface AveragedBuffer {
  /** The running statistic. */
  readonly value: NativeBuffer;
  /** Its moving average, of the same size. */
  readonly average: NativeBuffer;
}

/** Traces the ops of a step; native/include/lth/program.h has the definitions. */
export interface NativeBuilder extends Disposable {
  /** Names the ops that are traced from here on. */
  label(name: string): void;
  /**
   * Batch assembly from a resident data set: [N, 1, L], normalised, zero past each record's end; with
   * random changes of the records if `augment` is given, and negated if `negate` is true.
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
  /** Batch normalisation, with ReLU and dropout according to the settings. */
  norm(x: Value, settings: NormSettings): Value;
  /** Max-pool by `stride`, then zero channels up to `channels`. */
  shortcut(x: Value, options: { stride: number; channels: number }): Value;
  /** The loss, mean cross-entropy over valid steps by default; returns dlogits. */
  crossEntropy(logits: Value, settings?: LossSettings): Value;
  /**
   * Traces the backward pass of all traced ops, from the gradient `dy` of `y`. The gradients of all parameters
   * that `y` depends on go to their slots. The gradients of a value that several ops read are summed.
   *
   * @param options.inputs Values whose gradients are computed as well.
   * @param options.also Further values with their gradients.
   * @returns The gradient of each of `inputs`.
   * @throws {NativeError} If a norm on the way is not training, if a parameter is used twice, or if the
   *   optimiser is already traced.
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
  /** Clips gradients and updates parameters; must come after all gradients. */
  optimizer(parameters: readonly NativeParameter[], settings: OptimizerSettings): void;
  /**
   * Moves the averages of the optimiser's parameters, which must keep them, and of buffers by
   * (1 - decay) / (1 - decay^step) of the way to their values; step is the optimiser's. It must come after
   * the optimiser. A step that is not applied moves no average.
   */
  average(options: { buffers: readonly AveragedBuffer[]; decay: number }): void;
  /** Keeps a value readable after a run. */
  output(value: Value): void;
  /** Bytes of activation memory that {@linkcode build} would need now. Allocates nothing. */
  plannedBytes(): number;
  /** Ends tracing and returns the program. */
  build(): NativeProgram;
  /** Drops the trace; its values cannot be used afterwards. */
  dispose(): void;
}

/** Inputs of a run of S steps of N record slots (each program's own N). */
export interface RunInputs {
  /**
   * [S * N] records, -1 for an empty slot: one row for each program. Programs without gather ignore their
   * row. Needed if any program gathers.
   */
  readonly records?: Int32Array;
  /** [S]. Needed if any program has an optimizer. */
  readonly learningRates?: Float32Array;
  /**
   * Optimiser step of the first step: 1 for the first update after a reset; then +1 per step.
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
 * Results of a run, one entry per step. A training step whose loss or gradient norm is not finite is not
 * applied: weights and moments do not change, nor do running statistics that would become infinite or
 * NaN. The run ends after this step, and there are fewer entries than programs.
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
  /** Label under which it was traced. */
  readonly label: string;
  /** Name of the op, e.g. "conv1d_forward". */
  readonly op: string;
  /** The chosen kernel. */
  readonly detail: string;
  /** Sum over the runs. */
  readonly seconds: number;
  /** Useful floating-point operations (surviving weights only) of one replay. */
  readonly flops: number;
  /** The same operations if no weight were pruned. */
  readonly denseFlops: number;
  /** Bytes of its operands and results as fp32, each once: the least that one replay moves. */
  readonly bytes: number;
}

/** The kernels of a convolution. */
export interface ConvKernels {
  /** Label of its forward op. */
  readonly label: string;
  /** Text for {@linkcode NativeParameter.setKernels}, e.g. "forward=tf32 dgrad=sparse wgrad=tf32". */
  readonly kernels: string;
}

/** A traced step. */
export interface NativeProgram extends Disposable {
  /** Records of a batch. */
  readonly records: number;
  /** Samples of a batch's longest record. */
  readonly length: number;
  /** Bytes of the shared activation arena that this program needs. */
  readonly arenaBytes: number;
  /**
   * Fills an `input`: host [N, C, L]. Lengths [N] default to L; labels [N] keep their values, 0 at first.
   */
  writeValue(
    value: Value,
    data: { values: Float32Array; lengths?: Int32Array; labels?: Int32Array },
  ): void;
  /**
   * Host copy [N, C, L] of an input or a value marked as output; zeros past each record's end.
   * Programs share memory: it throws NativeError unless this program was the last to run.
   */
  readValue(value: Value): Float32Array;
  /** [N, C, L] */
  valueShape(value: Value): [number, number, number];
  /** Time and work of every op, in the order of the program. */
  profile(): OpProfile[];
  /** Sets the sums of {@linkcode NativeProgram.profile} to 0. */
  resetProfile(): void;
  /**
   * Times the kernels of every convolution at this program's shapes and sets the fastest for its weight. It
   * runs on the device's own thread, like a run. It is not repeatable, so record the result.
   *
   * @returns A promise of one entry per weight, in program order; an empty list, at once, if the device does
   *   not time convolutions.
   */
  chooseKernels(): Promise<ConvKernels[]>;
  /** Frees it. */
  dispose(): void;
}
