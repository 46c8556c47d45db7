/**
 * Makes the error for a program whose activations do not fit into the device's memory.
 *
 * @module
 */
import { NativeError } from "../addon/native_error.ts";
import { Failure } from "../core/errors.ts";

/** A program that did not fit into memory. */
export interface TooLarge {
  /** Records and samples of its batches. */
  readonly batchSize: number;
  readonly length: number;
  /** Makes the same program for a smaller batch and frees it again; throws if it does not fit. */
  readonly attempt: (batchSize: number) => void;
}

/** Whether a native call failed because memory ran out. */
export function isOutOfMemory(error: unknown): error is NativeError {
  return error instanceof NativeError && /Cannot allocate|Out of memory/.test(error.message);
}

/**
 * The error to throw: the device's message, which names the planned bytes, and the largest batch that
 * fits, found by trying. Only multiples of 16 records are tried, because activations are stored in groups
 * of sixteen.
 */
export function outOfMemory(error: NativeError, tooLarge: TooLarge): Failure {
  const { batchSize, length } = tooLarge;
  const largest = largestThatFits(tooLarge);
  const advice = largest === 0
    ? "Not even 16 records fit: use a smaller network (--filters) or another device"
    : `The largest batch that fits is ${largest}: --batch-size ${largest}`;
  return new Failure(
    `Batches of ${batchSize} x ${length} do not fit into memory. ${error.message}. ${advice}`,
  );
}

const GROUP = 16;

/** Bisection between 0 and the batch that does not fit. */
function largestThatFits({ batchSize, attempt }: TooLarge): number {
  let fits = 0;
  let fails = Math.ceil(batchSize / GROUP);
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    try {
      attempt(middle * GROUP);
      fits = middle;
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      fails = middle;
    }
  }
  return fits * GROUP;
}
