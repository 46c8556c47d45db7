/**
 * The memory of runs that are done at the same time. Runs that begin at the same moment all see the same free
 * memory, so the process that starts them divides it.
 *
 * @module
 */
import process from "node:process";
import { UsageError } from "../core/errors.ts";

const VARIABLE = "LTH_MEMORY_SHARE";

/** What one of several runs may take. */
export interface MemoryShare {
  readonly bytes: number;
  /** How many runs have such a share. */
  readonly runs: number;
}

/** The variable for the environment of such a run. */
export function shareVariable({ bytes, runs }: MemoryShare): Record<string, string> {
  return { [VARIABLE]: `${Math.floor(bytes)}/${runs}` };
}

/** The share of this process. @returns null if it has none. @throws {UsageError} If it cannot be read. */
export function givenShare(): MemoryShare | null {
  const text = process.env[VARIABLE] ?? "";
  if (text === "") return null;
  const [bytes, runs] = /^\d+\/\d+$/.test(text) ? text.split("/").map(Number) : [];
  if (bytes === undefined || runs === undefined) {
    throw new UsageError(
      `${VARIABLE} must be BYTES/RUNS such as 4000000000/2, got ${text}: it is set by sweep, unset it`,
    );
  }
  return { bytes, runs };
}
