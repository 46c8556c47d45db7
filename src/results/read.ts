/**
 * Reads the files that a run has written so far. All readers of `summary.json` and `timing.json` use this
 * module, so that damaged files are reported in the same way everywhere.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { Failure, messageOf, UsageError } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { roundFiles, roundOfDirectory, runFiles, runWord } from "../core/paths.ts";
import { shellWords } from "../core/shell.ts";
import { type Summary, summarySchema, type Timing, timingSchema } from "./summary.ts";

/** The files of a run that a report needs. */
export interface RunFiles {
  summary: Summary;
  timing: Timing | null;
  environment: Record<string, unknown> | null;
}

/**
 * Reads a run's files. All except the summary may be absent.
 *
 * @throws {UsageError} If there is no such run, or no summary yet.
 * @throws {Failure} If a file exists but cannot be read.
 */
export function readRun(directory: string): RunFiles {
  if (!fs.existsSync(directory)) {
    throw new UsageError(
      `Cannot report on ${directory}: there is no such directory; name a run below checkpoints/ or ` +
        "give the path of one",
    );
  }
  if (!hasSummary(directory)) {
    throw new UsageError(
      `Cannot report on ${directory}: it has no summary.json; wait until the run's first round is ` +
        "finished",
    );
  }
  const environment = runFiles.environment(directory);
  return {
    summary: readSummary(directory),
    timing: readTiming(directory),
    environment: fs.existsSync(environment)
      ? readObject(environment, "put it back") as RunFiles["environment"]
      : null,
  };
}

/** What helps if a file is damaged. */
const HELP = {
  timing: "delete it, only the times in a report are lost",
  kept: "add the run to its group again with deno task study",
};

/**
 * What helps if a summary is damaged. `lth --resume` writes it again from the rounds' networks and the times before;
 * the copies that a study keeps have no networks.
 */
function helpOfSummary(directory: string): string {
  const hasNetwork = fs.readdirSync(directory).some((name) =>
    roundOfDirectory(name) !== null && fs.existsSync(roundFiles.end(path.join(directory, name)))
  );
  if (!hasNetwork) return "put it back";
  const words = ["--name", runWord(directory), "--resume"];
  return `make it again with deno task lth ${shellWords(words)}, or put it back`;
}

/** Whether a round of the run in this directory has been finished. */
export function hasSummary(directory: string): boolean {
  return fs.existsSync(runFiles.summary(directory));
}

/** @throws {Failure} If the directory has no summary of the known format. */
export function readSummary(directory: string): Summary {
  const file = runFiles.summary(directory);
  const help = helpOfSummary(directory);
  const value = readObject(file, help) as Partial<Summary>;
  if (value.format !== "lth-ecg-summary/1") {
    throw new Failure(
      `Cannot use ${file}: its format is ${JSON.stringify(value.format)}, expected ` +
        `"lth-ecg-summary/1"; ${help}`,
    );
  }
  return checked(value, { file, schema: summarySchema, help }) as Summary;
}

/** The last written summary; null if there is none or it cannot be used. */
export function findSummary(directory: string): Summary | null {
  try {
    return hasSummary(directory) ? readSummary(directory) : null;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/**
 * The contents of a file; null if absent.
 *
 * @throws {Failure} If the file is invalid.
 */
export function readTiming(directory: string): Timing | null {
  const file = runFiles.timing(directory);
  if (!fs.existsSync(file)) return null;
  const value = readObject(file, HELP.timing);
  return checked(value, { file, schema: timingSchema, help: HELP.timing }) as Timing;
}

const keptSchema = z.strictObject({ rounds: z.array(z.int().min(0)) });

/**
 * The rounds of which a study's copy of a run kept the predictions; null if that is all of them.
 *
 * @throws {Failure} If the file is invalid.
 */
export function readKept(directory: string): readonly number[] | null {
  const file = runFiles.kept(directory);
  if (!fs.existsSync(file)) return null;
  const value = readObject(file, HELP.kept);
  const { rounds } = checked(value, { file, schema: keptSchema, help: HELP.kept }) as z.infer<
    typeof keptSchema
  >;
  return rounds;
}

function checked(
  value: unknown,
  { file, schema, help }: { file: string; schema: z.ZodType; help: string },
): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Failure(
    `Cannot use ${file}: its field ${
      path.join(".")
    } is not what a run writes (${message}); ${help}`,
  );
}

function readObject(file: string, help: string): object {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`Cannot read ${file}: ${whyUnreadable(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure(`Cannot read ${file}: it is not JSON (${messageOf(error)}); ${help}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Failure(
      `Cannot use ${file}: expected an object, found ${JSON.stringify(value)}; ${help}`,
    );
  }
  return value;
}
