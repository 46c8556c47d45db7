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
import { roundFiles, roundOfDirectory, runFiles, runWord, shortPath } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
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
      ? readObject(environment, () => "put it back") as RunFiles["environment"]
      : null,
  };
}

/** What helps if a file of a run is damaged. `lth --resume` writes a summary again, but needs the times before. */
const HELP = {
  summary: (file: string) =>
    inCopy(file) ??
      `make it again with ${resumeCommand(runWord(path.dirname(file)))}, or put it back`,
  timing: (file: string) => inCopy(file) ?? "delete it, only the times in a report are lost",
  kept: putBack,
};

/** What helps if the file belongs to a copy that a study keeps; else null. */
function inCopy(file: string): string | null {
  return isStudyCopy(path.dirname(file)) ? putBack(file) : null;
}

function putBack(file: string): string {
  return `put it back with git checkout -- ${shellWords([shortPath(file)])}`;
}

/**
 * Whether the directory is a copy that a study keeps of a run. It has the run's results, but nothing from which the
 * run could be continued.
 */
export function isStudyCopy(directory: string): boolean {
  return fs.readdirSync(directory).some((name) =>
    roundOfDirectory(name) !== null &&
    fs.existsSync(roundFiles.packedPredictions(path.join(directory, name)))
  );
}

/** Whether a round of the run in this directory has been finished. */
export function hasSummary(directory: string): boolean {
  return fs.existsSync(runFiles.summary(directory));
}

/** @throws {Failure} If the directory has no summary of the known format. */
export function readSummary(directory: string): Summary {
  const file = runFiles.summary(directory);
  const value = readObject(file, HELP.summary) as Partial<Summary>;
  if (value.format !== "lth-ecg-summary/1") {
    throw new Failure(
      `Cannot use ${file}: its format is ${JSON.stringify(value.format)}, expected ` +
        `"lth-ecg-summary/1"; ${HELP.summary(file)}`,
    );
  }
  return checked(value, { file, schema: summarySchema, help: HELP.summary }) as Summary;
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
  { file, schema, help }: { file: string; schema: z.ZodType; help: (file: string) => string },
): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Failure(
    `Cannot use ${file}: its field ${path.join(".")} is not what a run writes (${message}); ${
      help(file)
    }`,
  );
}

function readObject(file: string, help: (file: string) => string): object {
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
    throw new Failure(`Cannot read ${file}: it is not JSON (${messageOf(error)}); ${help(file)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Failure(
      `Cannot use ${file}: expected an object, found ${JSON.stringify(value)}; ${help(file)}`,
    );
  }
  return value;
}
