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

/**
 * The largest multiple of 16 below a batch that does not fit that does; 0 if none does. Bisection finds one that fits,
 * with a next one that does not. Larger ones may fit again, because norms of large results are folded and take no memory;
 * they are at most half of what a step needs, so from twice that next one on none does.
 */
export function largestThatFits(batchSize: number, fits: (records: number) => boolean): number {
  let largest = 0;
  let fails = Math.ceil(batchSize / GROUP);
  while (fails - largest > 1) {
    const middle = (largest + fails) >> 1;
    if (fits(middle * GROUP)) largest = middle;
    else fails = middle;
  }
  const end = Math.min(2 * fails, Math.ceil(batchSize / GROUP));
  for (let groups = end - 1; groups > fails; groups--) {
    if (fits(groups * GROUP)) return groups * GROUP;
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
