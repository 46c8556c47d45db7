/**
 * A point in training, given as iterations or epochs: "0", "500it", "2ep", "2ep500it".
 *
 * @module
 */
import { UsageError } from "./errors.ts";

const PATTERN = /^(?:(\d+)ep)?(?:(\d+)it)?$/;

/** A point in training; its iteration count depends on the length of an epoch. */
export interface StepPoint {
  readonly epochs: number;
  readonly iterations: number;
}

/** @throws {UsageError} If `text` is not 0, "<n>it", "<n>ep" or "<n>ep<m>it". */
export function parseStepPoint(text: string): StepPoint {
  if (text === "0") return { epochs: 0, iterations: 0 };
  const match = PATTERN.exec(text);
  if (!match || text === "") {
    throw new UsageError(
      `Cannot read ${JSON.stringify(text)} as a point in training: write 0, 500it, 2ep or 2ep500it`,
    );
  }
  return { epochs: Number(match[1] ?? 0), iterations: Number(match[2] ?? 0) };
}

/** Number of updates up to the point. */
export function iterationOf(point: StepPoint, stepsPerEpoch: number): number {
  return point.epochs * stepsPerEpoch + point.iterations;
}
