/**
 * The typed contract of the native addon: every class and function that C++ exports. Shapes: N batch,
 * C channels, L length, K kernel size, row major.
 *
 * Every call checks its arguments. Wrong types throw `TypeError`, impossible values `RangeError`, and calls
 * that cannot be done now (disposed, busy, out of memory, not available) `NativeError`. Each error names
 * the value. The garbage collector does not see native memory: `dispose()` every object that you make.
 *
 * @module
 */
import type { InferenceOptions, Isa, NativeInference } from "./native_inference.ts";
import type {
  DatasetArrays,
  NativeBuffer,
  NativeDataset,
  NativeParameter,
} from "./native_memory.ts";
import type { NativeBuilder, NativeProgram, RunInputs, RunResults } from "./native_program.ts";

export type * from "./native_inference.ts";
export type * from "./native_memory.ts";
export type * from "./native_program.ts";

/** A backend that this build knows. */
export interface BackendInfo {
  /** Which backend. */
  readonly name: "cpu" | "cuda";
  /** Whether a device of it can be opened here. */
  readonly available: boolean;
  /** Its processor if it is available, else the reason why not. */
  readonly detail: string;
}

/**
 * How convolutions multiply: `fp32` float products; `tf32` operands rounded to 11 significant bits
 * (on GPUs only); `bf16` to 8 (on CPUs with AVX512_BF16, where that is faster; GPUs keep activations
 * and their gradients in these 16 bits too). Sums and weights stay float.
 */
export type Precision = "fp32" | "tf32" | "bf16";

/** How to open a device. */
export interface DeviceOptions {
  /** Which backend; both are in {@linkcode NativeAddon.listBackends}. */
  readonly backend: "cpu" | "cuda";
  /** Worker threads of the CPU backend; 0 means one per core. Results do not depend on it. */
  readonly threads?: number;
  /** Instruction set of the CPU backend; the machine's best by default. */
  readonly isa?: Isa;
  /** Number of the GPU in the driver's order; 0 by default. Only for the CUDA backend. */
  readonly index?: number;
  /** By default `fp32` on the CPU, `tf32` on a GPU. */
  readonly precision?: Precision;
}

/** Memory of this machine, in bytes, as far as this process may use it. */
export interface HostMemory {
  /** The machine's, or the lowest limit of a control group above the process if that is less. */
  readonly capacity: number;
  /** What can still be taken; files that the kernel caches count as free. */
  readonly available: number;
  /** A control group, and not the machine, says what is available. */
  readonly limited: boolean;
}

/** The addon's exports. */
export interface NativeAddon {
  /** Version and build settings, recorded with every run. */
  readonly buildInfo: string;
  /** All backends that this build knows, whether they can be used or not. */
  listBackends(): BackendInfo[];
  /** The memory that this process may use, at the time of the call. */
  hostMemory(): HostMemory;
  /** Opens a device. @throws {NativeError} If it is not available here. */
  readonly Device: new (options: DeviceOptions) => NativeDevice;
  /** Opens a trained network for inference, without a device. */
  readonly Inference: new (options: InferenceOptions) => NativeInference;
  /** The class of errors about state; set once by `src/addon/addon.ts`. */
  setNativeError(errorClass: new (message: string) => Error): void;
}

/**
 * Owner of memory, parameters and programs. Objects work only with the device that made them, and only until
 * it is closed. Disposing an idle device frees it at once; disposing a running one throws NativeError: use
 * {@linkcode NativeDevice.close}.
 */
export interface NativeDevice extends Disposable {
  /** Its backend. */
  readonly name: "cpu" | "cuda";
  /** E.g. "AVX-512, 2 threads". */
  readonly description: string;
  /**
   * Whether a convolution has several kernels whose results differ in the last bits. Then
   * {@linkcode NativeProgram.chooseKernels} finds the fastest, and the caller records them.
   */
  readonly timesConvolutions: boolean;
  /** A trainable tensor, all zeros. */
  parameter(shape: readonly number[]): NativeParameter;
  /** An array of floats that is not trained, all zeros. */
  buffer(size: number): NativeBuffer;
  /** Copies recordings to the device. */
  dataset(data: DatasetArrays): NativeDataset;
  /** Starts tracing a step of `records` slots of at most `length` samples. */
  builder(options: { records: number; length: number; seed: bigint }): NativeBuilder;
  /**
   * Replays `programs[i]` with the i-th row of the inputs, in order, on the device's own thread.
   * Only one run at a time: a second call before the first has settled throws NativeError, and so does any
   * use of a parameter, buffer or value during the run. Objects that are disposed during a run are freed
   * when it has settled.
   *
   * @throws {TypeError} If an input that one of the programs needs is missing.
   * @returns A promise that rejects if a step fails, e.g. with RangeError for an unknown record.
   */
  run(programs: readonly NativeProgram[], inputs: RunInputs): Promise<RunResults>;
  /**
   * Global magnitude selection over the parameters' surviving weights: exactly `keep` survivors,
   * largest |value| first, ties to the lower (parameter, flat index). Does not change the parameters.
   *
   * @returns One mask per parameter, 1 keep, 0 pruned.
   * @throws {RangeError} On NaN, or if `keep` exceeds the number of surviving weights.
   */
  selectMagnitude(parameters: readonly NativeParameter[], keep: number): Uint8Array[];
  /** Waits for the current run, then frees the device. */
  close(): Promise<void>;
}
