/**
 * The fields of the page's form: the settings of reading, in which readers' advice is told. Nothing here uses
 * Deno or Node.js.
 *
 * @module
 */
import { type Adviser, adviser, type ReadingSetting } from "../../data/advice.ts";

/** The name of each field, and what it means. */
export const FIELDS = {
  rate: { name: "Rate", meaning: "samples per second" },
  units: { name: "Unit", meaning: "of the numbers" },
  gain: { name: "Gain", meaning: "numbers per unit" },
  baseline: { name: "Zero", meaning: "the number that means 0" },
  lead: { name: "Lead", meaning: "or column, name or number" },
  "max-gap": { name: "Gap", meaning: "longest to bridge, seconds" },
} as const satisfies Record<ReadingSetting, { name: string; meaning: string }>;

/** A field as a sentence names it. */
export function fieldName(id: ReadingSetting): string {
  return `“${FIELDS[id].name}”`;
}

/** The advice of the page. */
export const inFields: Adviser = adviser(
  {
    rate: fieldName("rate"),
    units: fieldName("units"),
    gain: fieldName("gain"),
    baseline: fieldName("baseline"),
    lead: fieldName("lead"),
    "max-gap": fieldName("max-gap"),
  },
  {
    "give-rate": `fill in ${fieldName("rate")}`,
    "omit-rate": `leave ${fieldName("rate")} empty`,
  },
);
