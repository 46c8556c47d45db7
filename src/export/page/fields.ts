/**
 * The fields of the page's form. They are the options of predict, by whose names the readers of recordings call
 * them in their sentences. Nothing here uses Deno or Node.js.
 *
 * @module
 */

/** The name of each field, and what it means. */
export const FIELDS = {
  rate: { name: "Rate", meaning: "samples per second" },
  units: { name: "Unit", meaning: "of the numbers" },
  gain: { name: "Gain", meaning: "numbers per unit" },
  baseline: { name: "Zero", meaning: "the number that means 0" },
  lead: { name: "Lead", meaning: "or column, name or number" },
  "max-gap": { name: "Gap", meaning: "longest to bridge, seconds" },
} as const;

/** A field as a sentence names it. */
export function fieldName(id: keyof typeof FIELDS): string {
  return `“${FIELDS[id].name}”`;
}

/** A sentence of a reader with the fields in place of the options: the page's reader knows no options. */
export function withFields(sentence: string): string {
  return sentence.replace(
    /--([a-z-]+)\b/g,
    (option, id: string) => id in FIELDS ? fieldName(id as keyof typeof FIELDS) : option,
  );
}
