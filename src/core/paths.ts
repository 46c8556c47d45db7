/**
 * Every file and directory name of the project, in one place.
 *
 * @module
 */
import * as path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { UsageError } from "./errors.ts";

/** The repository's root, independent of the working directory. */
export const ROOT: string = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** The folder of runs. */
export const CHECKPOINTS: string = path.join(ROOT, "checkpoints");
/** The folder of reports. */
export const REPORTS: string = path.join(ROOT, "reports");
/** The default folder of data sets. */
export const DATA: string = path.join(ROOT, "data");

const RUN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** @throws {UsageError} If `name` is not a plain directory name of letters, digits, '.', '_' and '-'. */
export function checkRunName(name: string): string {
  if (!RUN_NAME.test(name)) {
    throw new UsageError(
      `Cannot name a run ${
        JSON.stringify(name)
      }: use at most 100 letters, digits, '.', '_' and '-', ` +
        `starting with a letter or digit`,
    );
  }
  return name;
}

/** `name` may be a run's name or a path to its directory. */
export function runDirectory(name: string): string {
  return name.includes("/") ? path.resolve(name) : path.join(CHECKPOINTS, checkRunName(name));
}

/**
 * The run in `directory` as a command takes it: its name if it is below checkpoints/, else its path.
 * {@linkcode runDirectory} finds the directory again.
 */
export function runWord(directory: string): string {
  const whole = path.resolve(directory);
  return path.dirname(whole) === CHECKPOINTS ? path.basename(whole) : whole;
}

/** Files of one run directory. */
export const runFiles = {
  config: (run: string): string => path.join(run, "config.json"),
  environment: (run: string): string => path.join(run, "environment.json"),
  lock: (run: string): string => path.join(run, "lock"),
  rewind: (run: string): string => path.join(run, "rewind.safetensors"),
  latest: (run: string): string => path.join(run, "latest.safetensors"),
  /** The state saved before the latest. */
  previous: (run: string): string => path.join(run, "latest.previous.safetensors"),
  summary: (run: string): string => path.join(run, "summary.json"),
  timing: (run: string): string => path.join(run, "timing.json"),
  /** In a copy that a study keeps: the rounds whose predictions it has, if not all. */
  kept: (run: string): string => path.join(run, "kept.json"),
  analysis: (run: string): string => path.join(run, "analysis.json"),
  /** Output of a run that is part of a sweep. */
  log: (run: string): string => path.join(run, "log.txt"),
  round: (run: string, round: number): string =>
    path.join(run, `round-${String(round).padStart(3, "0")}`),
} as const;

/** The round whose directory is called `name`; null for any other file of a run. */
export function roundOfDirectory(name: string): number | null {
  const match = /^round-(\d{3,})$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** Files of one round's directory. */
export const roundFiles = {
  mask: (round: string): string => path.join(round, "mask.safetensors"),
  start: (round: string): string => path.join(round, "start.safetensors"),
  /** Kernels of the convolutions, if they were chosen by timing. */
  kernels: (round: string): string => path.join(round, "kernels.json"),
  end: (round: string): string => path.join(round, "end.safetensors"),
  metrics: (round: string): string => path.join(round, "metrics.csv"),
  predictions: (round: string): string => path.join(round, "predictions.csv"),
  /** The same, compressed, where runs are kept for a study. */
  packedPredictions: (round: string): string => path.join(round, "predictions.csv.gz"),
  scores: (round: string): string => path.join(round, "scores.json"),
  done: (round: string): string => path.join(round, "DONE"),
} as const;

/**
 * `reports/<run>.html`; the report of a run given as a path is in the run's directory.
 *
 * @param name As for {@linkcode runDirectory}.
 */
export function reportFile(name: string): string {
  return name.includes("/")
    ? path.join(runDirectory(name), "report.html")
    : path.join(REPORTS, `${checkRunName(name)}.html`);
}

/** The path for a message: relative to the working directory if it lies below that, else absolute. */
export function shortPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? path.resolve(file) : relative;
}
