/**
 * Types and helpers that the parts of `deno task torture` share.
 *
 * @module
 */
import type { Rng } from "../../src/core/rng.ts";

/** The inputs of a part. */
export interface TortureContext {
  /** Source of all random decisions in this part. */
  readonly rng: Rng;
  /** An empty directory, which is removed afterwards. */
  readonly directory: string;
  /** A toy data set, built. */
  readonly data: string;
  /** Number of kills. */
  readonly kills: number;
  readonly inputs: number;
  /** Parsers that get the inputs; all if empty. */
  readonly parsers: readonly string[];
  readonly minutes: number;
  /** Number of times that each kind of damage is done to each file. */
  readonly repeats: number;
  /** Number of parallel jobs. */
  readonly jobs: number;
  /** Prints the progress. */
  note(message: string): void;
}

/** A line of the table: the number of checks and their findings. */
export interface TortureRow {
  readonly what: string;
  readonly count: number;
  /** Findings, one sentence each; empty if there are none. */
  readonly findings: readonly string[];
  /** Figures to show with the count. */
  readonly detail?: string;
}

/** One part. It throws only for a defect of the part itself. */
export type TorturePart = (context: TortureContext) => Promise<TortureRow[]>;

/** Matches a stack trace, which a user must never see. */
export const STACK_TRACE = /\n\s+at \S/;

/** Whether a command's output is one line with an error. */
export function isOneError(err: string): boolean {
  return /^error: .+\n$/.test(err) && !STACK_TRACE.test(err);
}

/** E.g. "3 SIGINT, 5 SIGKILL". */
export function tally(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", ");
}

/** Adds one to a count. */
export function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
