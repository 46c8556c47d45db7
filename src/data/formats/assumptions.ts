/**
 * Lists the assumptions about several recordings, each assumption once.
 *
 * @module
 */

/** The assumptions about a recording in the words of an audience; see explainAssumed. */
export interface Assumed {
  readonly assumed: readonly string[];
}

/** Each assumption with the number of recordings it was made for, most frequent first. */
export function countAssumed(
  all: readonly Assumed[],
): { what: string; recordings: number }[] {
  const counts = new Map<string, number>();
  for (const { assumed } of all) {
    for (const what of assumed) counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, recordings]) => ({ what, recordings }))
    .sort((a, b) => b.recordings - a.recordings);
}

const SHOWN = 8;

/**
 * The assumptions as lines for people; empty if there are none.
 *
 * @param options.elsewhere Where those are that the lines leave out.
 */
export function assumedLines(
  all: readonly Assumed[],
  { elsewhere }: { elsewhere?: string } = {},
): string[] {
  const counts = countAssumed(all);
  const lines = counts.slice(0, SHOWN).map(({ what, recordings }) =>
    recordings === all.length
      ? `Assumed: ${what}`
      : `Assumed for ${recordings} of ${all.length} recordings: ${what}`
  );
  if (counts.length > SHOWN) {
    const see = elsewhere === undefined ? "" : `, see ${elsewhere}`;
    lines.push(`Assumed: ${counts.length - SHOWN} more${see}`);
  }
  return lines;
}
