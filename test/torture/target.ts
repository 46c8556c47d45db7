/**
 * The targets of the fuzzer.
 *
 * @module
 */
import { Failure, UsageError } from "../../src/core/errors.ts";
import { BadRecord } from "../../src/data/problem.ts";
import type { Remake } from "./remake.ts";

/** A parser under test. */
export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** The parser is slow and gets a quarter of the inputs of others. */
  readonly slow?: true;
  /** Makes inputs of the right structure, for parsers that check it first. */
  readonly remake?: Remake;
  /** Throws only {@linkcode isExpected} errors. */
  parse(bytes: Uint8Array): void;
}

/** Errors that say what is wrong with an input. */
export function isExpected(error: unknown): boolean {
  return error instanceof UsageError || error instanceof Failure || error instanceof BadRecord;
}
