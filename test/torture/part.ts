/**
 * What the parts of `deno task torture` have in common.
 *
 * @module
 */
import type { Rng } from "../../src/core/rng.ts";

/** What a part works with. */
export interface TortureContext {
  /** Decides all that is random in this part. */
  readonly rng: Rng;
  /** Empty, and gone afterwards. */
  readonly directory: string;
  /** A toy data set, built. */
  readonly data: string;
  /** How much is to be done. */
  readonly kills: number;
  readonly inputs: number;
  /** Parsers that get them; all if empty. */
  readonly parsers: readonly string[];
  readonly minutes: number;
  /** How often each kind of damage is done to each file. */
  readonly repeats: number;
  /** How many things to do at a time. */
  readonly jobs: number;
  /** Tells how it is going. */
  note(message: string): void;
}

/** A line of the table: so many things were done, so many of them went wrong. */
export interface TortureRow {
  readonly what: string;
  readonly count: number;
  /** What went wrong, one sentence each; nothing if all is well. */
  readonly findings: readonly string[];
  /** Figures to show beside the count. */
  readonly detail?: string;
}

/** One part. It throws only for a defect of its own. */
export type TorturePart = (context: TortureContext) => Promise<TortureRow[]>;

/** What a user must never see. */
export const STACK_TRACE = /\n\s+at \S/;

/** Whether a command's output is one line that says what is wrong. */
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
