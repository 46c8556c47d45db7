/**
 * The options for reading recordings, the same in every command that reads them.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { UsageError } from "../core/errors.ts";
import { MAX_GAP_SECONDS } from "../data/formats/gaps.ts";
import { READING_LIMITS, type ReadingOptions } from "../data/formats/reading.ts";
import { UNITS, type Units } from "../data/formats/units.ts";
import { number } from "./command.ts";

/** The reading options as given on the command line. */
export interface ReadingFlags {
  readonly rate?: number;
  readonly units: Units | "auto";
  readonly gain?: number;
  readonly baseline?: number;
  readonly lead?: string;
  readonly column?: string;
  readonly maxGap: number;
  readonly force?: true;
}

/** Adds the options; `force` is the help text of `--force`. */
export function addReadingOptions(command: Command, { force }: { force: string }): Command {
  return command
    .option(
      "--rate <hz>",
      "samples per second of files that do not state it",
      number(...READING_LIMITS.rate),
    )
    .addOption(
      new Option("--units <unit>", "unit of the samples, overrides the file; raw is 1000 per mV")
        .choices(["auto", ...UNITS]).default("auto"),
    )
    .option("--gain <number>", "sample values per mV, or per --units; overrides the file", nonZero)
    .option(
      "--baseline <number>",
      "the sample value that means 0 mV",
      number(...READING_LIMITS.baseline),
    )
    .option(
      "--lead <name|number>",
      "lead to read if a file has several (default: the only ECG, or lead I)",
    )
    .option("--column <name|number>", "column to read if a text file has several")
    .option(
      "--max-gap <s>",
      "longest gap of missing samples that is bridged, in seconds; longer gaps are refused",
      number(...READING_LIMITS["max-gap"]),
      MAX_GAP_SECONDS,
    )
    .option("--force", force);
}

function nonZero(text: string): number {
  const value = number(...READING_LIMITS.gain)(text);
  if (value === 0) throw new UsageError("Cannot use --gain 0: give another number");
  return value;
}

/** @throws {UsageError} If options contradict each other. */
export function readingOptionsOf(flags: ReadingFlags): ReadingOptions & { maxGap: number } {
  const { rate, units, gain, baseline, lead, column, maxGap } = flags;
  if (lead !== undefined && column !== undefined) {
    throw new UsageError(
      "Cannot use --lead and --column together: both name the signal to read; give one of them",
    );
  }
  if (units === "raw" && gain !== undefined) {
    throw new UsageError(
      "Cannot use --units raw with --gain: raw already means 1000 per mV; leave one of them out",
    );
  }
  return { rate, units, gain, baseline, lead: lead ?? column, maxGap };
}
