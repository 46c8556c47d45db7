/**
 * The contract of a device's memory: parameters, buffers and data sets. native.ts has the rest.
 *
 * @module
 */

/** Recordings for {@linkcode NativeDevice.dataset}. */
export interface DatasetArrays {
  /** All records one after another. */
  readonly samples: Int16Array;
  /** First sample of each record. */
  readonly offsets: Float64Array;
  /** Number of samples used of each record. */
  readonly lengths: Int32Array;
  /** Class index of each record. */
  readonly labels: Int32Array;
}

/** The name of one of a parameter's arrays. */
export type Slot = "value" | "gradient" | "moment1" | "moment2" | "average";

/**
 * A trainable tensor with gradient, optimiser moments, mask and, optionally, a moving average. Where the
 * mask is 0, all arrays are always exactly 0.
 */
export interface NativeParameter extends Disposable {
  /** Extents, the outermost first. */
  readonly shape: readonly number[];
  /** Number of elements: the product of the extents. */
  readonly size: number;
  /** Number of surviving weights. */
  readonly kept: number;
  /** Creates the average, all zeros. */
  keepAverage(): void;
  /**
   * A copy of one of its arrays [size].
   *
   * @throws {NativeError} For the average of a parameter that does not keep one.
   */
  read(slot: Slot): Float32Array;
  /** Copies `data` in; pruned places stay 0. */
  write(slot: Slot, data: Float32Array): void;
  /** A copy of the mask [size], 1 keep, 0 pruned; all 1 without one. */
  readMask(): Uint8Array;
  /** Sets the mask (0 and 1 only); pruned places become 0. */
  setMask(mask: Uint8Array): void;
  /**
   * Sets the kernels of the convolutions with this weight, until the next `setMask`. `kernels` is an earlier
   * result of {@linkcode NativeProgram.chooseKernels}.
   *
   * @throws {RangeError} If the device does not time convolutions, this is not the weight of one, or this mask
   *   or the device's precision does not allow these kernels.
   */
  setKernels(kernels: string): void;
  /** Frees it. Programs that use it keep it alive. */
  dispose(): void;
}

/** A float array on the device. */
export interface NativeBuffer extends Disposable {
  /** Number of floats. */
  readonly size: number;
  /** A copy [size]. */
  read(): Float32Array;
  /** Copies `data` [size] in. */
  write(data: Float32Array): void;
  /** Frees it. Programs that use it keep it alive. */
  dispose(): void;
}

/** Recordings on the device. */
export interface NativeDataset extends Disposable {
  /** Number of recordings. */
  readonly records: number;
  /** Frees it. Programs that use it keep it alive. */
  dispose(): void;
}
