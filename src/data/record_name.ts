/**
 * Names of records.
 *
 * @module
 */
import { endingOf, ENDINGS } from "./formats/registry.ts";

/** `name` without the ending of a recording, if it has one. */
export function withoutEnding(name: string): string {
  const ending = endingOf(name);
  const isEnding = ENDINGS.includes(ending) || ending === ".dat";
  return isEnding && name.length > ending.length ? name.slice(0, -ending.length) : name;
}
