/**
 * Reads configurations from files: that of a run, or one that the user names.
 *
 * @module
 */
import * as fs from "node:fs";
import { UsageError } from "../core/errors.ts";
import { readJsonInput } from "../core/files.ts";
import { runFiles } from "../core/paths.ts";
import { type Config, parseConfig } from "./config.ts";

/**
 * A configuration saved by an earlier run or written by hand.
 *
 * @throws {UsageError} If the file cannot be read or is not JSON; or naming each wrong field, and what was
 * expected.
 */
export function readConfig(file: string): Config {
  return parseConfig(readJsonInput(file, "the configuration"), `the configuration ${file}`);
}

/** The configuration of the run in a directory. @throws {UsageError} As {@linkcode readConfig}. */
export function readRunConfig(directory: string): Config {
  return readConfig(runFiles.config(directory));
}

/** The same, for runs that nobody asked for: null if there is none or it cannot be used. */
export function findRunConfig(directory: string): Config | null {
  if (!fs.existsSync(runFiles.config(directory))) return null;
  try {
    return readRunConfig(directory);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}
