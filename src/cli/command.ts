/**
 * What every command shares: strict option parsing and the mapping from errors to exit codes.
 *
 * @module
 */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import * as fs from "node:fs";
import process from "node:process";
import { Failure, messageOf, UsageError } from "../core/errors.ts";
import { isDeviceFailure } from "../addon/native_error.ts";
import { type Kind, number as numberKind, readKind, Unreadable, whole } from "../config/kinds.ts";
import { isOutOfMemory } from "../training/out_of_memory.ts";

/**
 * A commander command that rejects unknown flags (naming the nearest one) and stray arguments,
 * and never calls `process.exit` itself.
 */
export function createCommand(name: string, summary: string): Command {
  return new Command(name)
    .description(summary)
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
    .exitOverride();
}

/** Option parser for an integer in [min, max]. */
export function integer(min: number, max?: number): (text: string) => number {
  return reading(whole({ least: min, ...max === undefined ? {} : { most: max } }));
}

/** Option parser for a number with min <= x <= max. */
export function number(min: number, max?: number): (text: string) => number {
  return reading(numberKind({ least: min, ...max === undefined ? {} : { most: max } }));
}

/** Option parser for a kind of settings. */
export function reading<T>(kind: Kind<T>): (text: string) => T {
  return (text) => {
    try {
      return readKind(kind, text);
    } catch (error) {
      throw error instanceof Unreadable ? new InvalidArgumentError(error.message) : error;
    }
  };
}

/**
 * Runs a command's main function and ends the process with its exit code:
 * 0 done, 1 {@linkcode Failure} or no memory left, 2 {@linkcode UsageError} or a command line that does
 * not parse.
 * Anything else is a defect of this program and keeps its stack trace.
 */
export async function runMain(main: (args: string[]) => Promise<number | void>): Promise<void> {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) { // commander has printed it
    if (/^commander\.missing/.test(error.code)) {
      console.error("(--help shows what the command needs)");
    }
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof UsageError || error instanceof Failure) {
    console.error(`error: ${messageOf(error)}`);
    return error.exitCode;
  }
  // A GPU is shared with other programs and its driver can fail, for example in the middle of a step.
  if (isOutOfMemory(error) || isDeviceFailure(error)) {
    console.error(`error: ${messageOf(error)}`);
    return 1;
  }
  console.error(error);
  return 1;
}

/** @throws {UsageError} If `folder`, which the command would write to, is a file. */
export function refuseFile(folder: string, action: string): void {
  if (!fs.existsSync(folder) || fs.statSync(folder).isDirectory()) return;
  throw new UsageError(`Cannot ${action} to ${folder}: it is a file; name a folder`);
}
