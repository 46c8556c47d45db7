/**
 * The two ways a command can fail. Both print one sentence and no stack trace.
 *
 * @module
 */

/** The caller asked for something that cannot be done as asked: a flag, a file, a value. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly exitCode = 2;
}

/** The request was sound but could not be carried out: disk full, numbers diverged, build broken. Exit code 1. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode = 1;
}

/** The message of a thrown value of any type. What JSON.parse quotes of a file stays on one line and is readable. */
export function messageOf(error: unknown): string {
  if (error instanceof SyntaxError) return error.message.replaceAll(/[\s\p{Cc}]+/gu, " ");
  return error instanceof Error ? error.message : String(error);
}
