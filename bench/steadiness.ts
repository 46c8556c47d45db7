/**
 * Tells which timings a disturbed machine may have spoilt.
 *
 * @module
 */
import type { StepTime } from "./step_time.ts";

/** Slowest step / fastest step from which a timing is marked. */
const MOST_SPREAD = 1.25;

/** Whether steps that do the same work differ so much that something else must have slowed some of them. */
export function isUnsteady({ fastest, slowest }: Pick<StepTime, "fastest" | "slowest">): boolean {
  return slowest > MOST_SPREAD * fastest;
}

/** The mark behind a time. */
export function steadinessMark(time: Pick<StepTime, "fastest" | "slowest">): string {
  return isUnsteady(time) ? " !" : "";
}

/** The line below a table that explains its marks; none if nothing is marked. */
export function steadinessLines(
  times: readonly Pick<StepTime, "fastest" | "slowest">[],
): string[] {
  const count = times.filter(isUnsteady).length;
  if (count === 0) return [];
  return [
    `! ${count} of ${times.length}: the slowest step took more than ${MOST_SPREAD} times the fastest. ` +
    "The machine was disturbed: measure again when it is quiet, or compare the fastest steps.",
  ];
}
