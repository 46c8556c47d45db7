/**
 * Checks that memory and file handles do not grow.
 *
 * @module
 */
import * as fs from "node:fs";

/** Memory and handles of a process. */
export interface Footprint {
  /** Resident memory in bytes, after a garbage collection if that can be requested. */
  readonly rss: number;
  /** Number of open file handles; 0 if the system does not report it. */
  readonly handles: number;
}

/** Allocators keep pages and round up, so a smaller increase does not count as growth. */
export const SLACK_BYTES = 8 * 2 ** 20;

/** The present footprint of this process. */
export function footprint(): Footprint {
  (globalThis as { gc?: () => void }).gc?.();
  const handles = fs.existsSync("/proc/self/fd") ? fs.readdirSync("/proc/self/fd").length : 0;
  return { rss: Deno.memoryUsage().rss, handles };
}

/**
 * The same after several garbage collections, because finalisers free objects only after the first one and
 * heaps return memory late.
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
 * Compares the minimum of the first half of a series of footprints with that of the second half, so that a peak
 * or a late collection does not count. The warm-up is left out.
 *
 * @returns The finding, or null.
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
