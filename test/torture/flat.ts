/**
 * Whether memory and file handles stay flat.
 *
 * @module
 */
import * as fs from "node:fs";

/** What a process holds. */
export interface Footprint {
  /** Resident memory in bytes, garbage collected first where that can be asked for. */
  readonly rss: number;
  /** Open file handles; 0 where the system does not tell. */
  readonly handles: number;
}

/** Allocators keep pages and round up: less than this is no growth. */
export const SLACK_BYTES = 8 * 2 ** 20;

/** What this process holds now. */
export function footprint(): Footprint {
  (globalThis as { gc?: () => void }).gc?.();
  const handles = fs.existsSync("/proc/self/fd") ? fs.readdirSync("/proc/self/fd").length : 0;
  return { rss: Deno.memoryUsage().rss, handles };
}

/**
 * The same after a thorough collection: what one leaves for its finalisers to free, the next collects,
 * and heaps give back what they do not need.
 */
export async function settledFootprint(): Promise<Footprint> {
  const { gc } = globalThis as { gc?: (options: unknown) => void };
  for (let i = 0; i < 2; i++) {
    gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    await new Promise((done) => setTimeout(done, 50));
  }
  return footprint();
}

/**
 * What grew over a series of footprints, the warm-up left out: the least of the first half against the
 * least of the second, so that neither a peak nor a late collection counts.
 *
 * @returns What is wrong, or null.
 */
export function growth(series: readonly Footprint[]): string | null {
  const half = Math.floor(series.length / 2);
  const least = (part: readonly Footprint[], key: keyof Footprint) =>
    Math.min(...part.map((each) => each[key]));
  const [early, late] = [series.slice(0, half), series.slice(half)];
  const bytes = least(late, "rss") - least(early, "rss");
  if (bytes > SLACK_BYTES) return `resident memory grew by ${megabytes(bytes)}`;
  const handles = least(late, "handles") - least(early, "handles");
  return handles > 0 ? `${handles} more file handles are open` : null;
}

/** E.g. "69.5 MB". */
export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
