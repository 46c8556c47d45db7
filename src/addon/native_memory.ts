/**
 * What a device holds: parameters, buffers and data sets. native.ts has the rest of the contract.
 *
 * @module
 */

/** Recordings for {@linkcode NativeDevice.dataset}. */
export interface DatasetArrays {
  /** All records one after another. */
  readonly samples: Int16Array;
  /** First sample of each record. */
  readonly offsets: Float64Array;
  /** Samples used of each record. */
  readonly lengths: Int32Array;
  /** Class index of each record. */
  readonly labels: Int32Array;
}

/** Which of a parameter's arrays. */
export type Slot = "value" | "gradient" | "moment1" | "moment2" | "average";

/**
 * A trainable tensor with gradient, optimiser moments, mask and, if it keeps one, moving average. Where
 * the mask is 0, all arrays are exactly 0 at all times.
 */
export interface NativeParameter extends Disposable {
  readonly shape: readonly number[];
  readonly size: number;
  /** Surviving weights. */
  readonly kept: number;
  /** From now on there is an average, all zeros. */
  keepAverage(): void;
  /** @throws {NativeError} For the average of a parameter that keeps none. */
  read(slot: Slot): Float32Array;
  /** Copies `data` in; pruned places stay 0. */
  write(slot: Slot, data: Float32Array): void;
  readMask(): Uint8Array;
  /** Sets the mask (0 and 1 only) and zeroes what it prunes. */
  setMask(mask: Uint8Array): void;
  /**
   * Has the convolutions with this weight run on what {@linkcode NativeProgram.chooseKernels} has once
   * found for it, until the next `setMask`.
   *
   * @throws {RangeError} If the device does not time convolutions, this is no weight of one, or this
   *   mask or the device's precision does not allow these kernels.
   */
  setKernels(kernels: string): void;
  dispose(): void;
}

/** A float array on the device. */
export interface NativeBuffer extends Disposable {
  readonly size: number;
  read(): Float32Array;
  write(data: Float32Array): void;
  dispose(): void;
}

/** Recordings on the device. */
export interface NativeDataset extends Disposable {
  readonly records: number;
  dispose(): void;
}
