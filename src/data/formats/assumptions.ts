/**
 * Lists the assumptions about several recordings, each assumption once.
 *
 * @module
 */
import type { Understood } from "./reading.ts";

/** Each assumption with the number of recordings it was made for, most frequent first. */
export function countAssumed(
  all: readonly Pick<Understood, "assumed">[],
): { what: string; recordings: number }[] {
  const counts = new Map<string, number>();
  for (const { assumed } of all) {
    for (const what of assumed) counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, recordings]) => ({ what, recordings }))
    .sort((a, b) => b.recordings - a.recordings);
}

const SHOWN = 8;

/** The assumptions as lines for people; empty if there are none. */
export function assumedLines(all: readonly Pick<Understood, "assumed">[]): string[] {
  const counts = countAssumed(all);
  const lines = counts.slice(0, SHOWN).map(({ what, recordings }) =>
    recordings === all.length
      ? `Assumed: ${what}`
      : `Assumed for ${recordings} of ${all.length} recordings: ${what}`
  );
  if (counts.length > SHOWN) {
    lines.push(`Assumed: ${counts.length - SHOWN} more, see --json or dataset.json`);
  }
  return lines;
}
