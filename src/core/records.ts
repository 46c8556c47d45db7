/**
 * Values of unknown origin, such as parsed JSON.
 *
 * @module
 */

/** Whether a value is an object with names: no array, not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Leaves of nested records by dotted path, as JSON; lists are leaves. */
export function leavesOf(
  record: Record<string, unknown>,
  prefix = "",
): [path: string, json: string][] {
  return Object.entries(record).flatMap(([key, value]) =>
    isRecord(value)
      ? leavesOf(value, `${prefix}${key}.`)
      : [[`${prefix}${key}`, JSON.stringify(value)] as [string, string]]
  );
}
