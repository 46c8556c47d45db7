/**
 * What a run ran on: recorded with it, because the last bits depend on it.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import { Failure } from "../core/errors.ts";

/** Versions and hardware, for `environment.json`. */
export interface Environment extends Record<string, unknown> {
  created: string;
  deno: string;
  platform: string;
  processor: string;
  cores: number;
  memoryBytes: number;
  /** Backend and what it runs on. */
  device: string;
  /** Version and build settings of the native addon. */
  native: string;
  datasetSha256: string;
  /** Of the `config.json` that the run began with; absent in older runs. */
  configSha256?: string;
  /** Of a fork: the run whose rounds it began with, which these are, and what they were made on. */
  forkedFrom?: string;
}

/**
 * Reads an `environment.json`.
 *
 * @throws {Failure} If it is missing or damaged.
 */
export function readEnvironment(file: string): Environment {
  try {
    const value = JSON.parse(fs.readFileSync(file, "utf8")) as Environment;
    if (DECISIVE.every((key) => typeof value[key] === "string")) return value;
  } catch {
    // As if it held nothing.
  }
  throw new Failure(
    `${file} is damaged: what the run began on is unknown; put it back, or start the run again under ` +
      `another name`,
  );
}

/** Describes this process. */
export function describeEnvironment(
  options: { device: string; native: string; datasetSha256: string },
): Environment {
  const processors = os.cpus();
  return {
    created: new Date().toISOString(),
    deno: Deno.version.deno,
    platform: `${os.type()} ${os.release()} ${os.arch()}`,
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryBytes: os.totalmem(),
    ...options,
  };
}

/** What can change the last bits. */
const DECISIVE = ["device", "native", "datasetSha256"] as const;

/** The number of threads decides nothing: every reduction has an order of its own. */
const THREADS = /, \d+ threads?$/;

/** What in `now` can change the last bits of results compared with `then`; empty if nothing. */
export function numericDifferences(then: Environment, now: Environment): string[] {
  const decisive = (text: string) => text.replace(THREADS, "");
  return DECISIVE
    .filter((key) => decisive(then[key]) !== decisive(now[key]))
    .map((key) => `${key}: ${then[key]}, now ${now[key]}`);
}
