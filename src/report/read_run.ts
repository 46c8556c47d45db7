/**
 * Reading what a run has written so far.
 *
 * @module
 */
import * as fs from "node:fs";
import { Failure, messageOf, UsageError } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";
import type { Summary, Timing } from "../run/summary.ts";

/** The files of a run that a report needs. */
export interface RunFiles {
  summary: Summary;
  timing: Timing | null;
  environment: Record<string, unknown> | null;
}

/**
 * Reads a run's files; those besides the summary may be absent.
 *
 * @throws {UsageError} If there is no such run, or no summary yet.
 * @throws {Failure} If a file is there but cannot be read.
 */
export function readRun(directory: string): RunFiles {
  if (!fs.existsSync(directory)) {
    throw new UsageError(
      `Cannot report on ${directory}: there is no such directory; name a run below checkpoints/ or ` +
        "give the path of one",
    );
  }
  if (!fs.existsSync(runFiles.summary(directory))) {
    throw new UsageError(
      `Cannot report on ${directory}: it has no summary.json; wait until the run's first round is ` +
        "finished",
    );
  }
  return {
    summary: readSummary(directory),
    timing: readTiming(directory),
    environment: readOptional(runFiles.environment(directory)) as RunFiles["environment"],
  };
}

/** @throws {Failure} Unless the directory holds a summary of the known format. */
export function readSummary(directory: string): Summary {
  const file = runFiles.summary(directory);
  const value = readObject(file);
  if (value["format"] !== "lth-ecg-summary/1") {
    throw new Failure(
      `Cannot use ${file}: its format is ${JSON.stringify(value["format"])}, expected ` +
        '"lth-ecg-summary/1"',
    );
  }
  return value as unknown as Summary;
}

/** @throws {Failure} If it is there but cannot be read. */
export function readTiming(directory: string): Timing | null {
  return readOptional(runFiles.timing(directory)) as Timing | null;
}

function readOptional(file: string): Record<string, unknown> | null {
  return fs.existsSync(file) ? readObject(file) : null;
}

function readObject(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Failure(`Cannot read ${file}: ${messageOf(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Failure(`Cannot use ${file}: expected an object, found ${JSON.stringify(value)}`);
  }
  return value as Record<string, unknown>;
}
