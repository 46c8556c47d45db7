/**
 * Values of unknown origin, such as parsed JSON.
 *
 * @module
 */

/** Whether a value is an object with names: no array, not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
