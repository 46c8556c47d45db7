/**
 * Summarises how the recordings of a data set were read, for dataset.json.
 *
 * @module
 */
import { explainAssumed, inOptions } from "./advice.ts";
import type { Description } from "./description.ts";
import { countAssumed } from "./formats/assumptions.ts";
import type { ScannedRecord, ScanOptions } from "./scan.ts";

/** Counts of properties stated by files, of assumptions and of bridged gaps. */
export function readingOf(
  records: readonly ScannedRecord[],
  { gain, baseline, lead, maxGap, force }: ScanOptions,
): NonNullable<Description["reading"]> {
  const all = records.map(({ understood }) => understood);
  return {
    formats: counted(all.map(({ format }) => format)),
    leads: counted(all.map(({ lead }) => lead)),
    rates: counted(all.map(({ rate }) => String(rate))),
    units: counted(all.map(({ unit }) => unit)),
    assumed: countAssumed(
      all.map(({ assumed }) => ({ assumed: explainAssumed(assumed, inOptions) })),
    ),
    bridged: records.flatMap(({ id, missing, gaps }) =>
      missing === 0 ? [] : [{ id, missing, gaps }]
    ),
    options: {
      gain: gain ?? null,
      baseline: baseline ?? null,
      lead: lead ?? null,
      maxGap,
      force: force ?? false,
    },
  };
}

function counted(words: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
