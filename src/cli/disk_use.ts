/**
 * The disk space that a run needs, as text.
 *
 * @module
 */
import { bytesText } from "../core/bytes.ts";
import { type DiskNeed, freeBytes } from "../run/disk_need.ts";

/**
 * The disk use of a run in `directory` as a sentence to print. The directory need not exist.
 *
 * @param free Free bytes on its disk; by default what the system reports.
 */
export function diskText(
  { total, states }: DiskNeed,
  { directory, free = freeBytes(directory) }: { directory: string; free?: number | null },
): string {
  const text = `Disk: ${bytesText(total)} at the end, at most ${bytesText(states)} more until then`;
  return free === null ? text : `${text}; ${bytesText(free)} free`;
}
