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
  const { batchSize, length, attempt } = tooLarge;
  const largest = largestThatFits(batchSize, (records) => succeeds(() => attempt(records)));
  return new Failure(
    `Batches of ${batchSize} x ${length} do not fit into memory. ${error.message}. ` +
      batchAdvice(largest),
  );
}

/** What to do, as a sentence without its full stop. @param largest Records of the largest batch that fits. */
export function batchAdvice(largest: number): string {
  return largest === 0
    ? "Not even 16 records fit: use a smaller network (--filters) or another device"
    : `The largest batch that fits is ${largest}: --batch-size ${largest}`;
}

const GROUP = 16;

/** Multiples of 16 below a batch, the largest first. */
export function groupsBelow(batchSize: number): number[] {
  const count = Math.ceil(batchSize / GROUP) - 1;
  return Array.from({ length: count }, (_, i) => (count - i) * GROUP);
}

/**
 * The largest multiple of 16 below a batch that does not fit that does: by bisection, as if larger batches needed more. 0
 * if none does.
 */
function largestThatFits(batchSize: number, fits: (records: number) => boolean): number {
  let largest = 0;
  let fails = Math.ceil(batchSize / GROUP);
  while (fails - largest > 1) {
    const middle = (largest + fails) >> 1;
    if (fits(middle * GROUP)) largest = middle;
    else fails = middle;
  }
  return largest * GROUP;
}

/** Whether memory is enough for what `attempt` does. */
function succeeds(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return false;
  }
}
