/**
 * Reads a number from a file that may contain something else.
 *
 * @module
 */
import type { Value } from "./data.ts";

/** `value` if it is a finite number, else null. JSON has no NaN, so files hold null for it. */
export function finite(value: unknown): Value {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
