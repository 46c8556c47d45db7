/**
 * What a run ran on: recorded with it, because the last bits depend on it.
 *
 * @module
 */
import * as os from "node:os";

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

/** The number of threads decides nothing: every reduction has an order of its own. */
const THREADS = /, \d+ threads?$/;

/** What in `now` can change the last bits of results compared with `then`; empty if nothing. */
export function numericDifferences(then: Environment, now: Environment): string[] {
  const decisive = (text: string) => text.replace(THREADS, "");
  return (["device", "native", "datasetSha256"] as const)
    .filter((key) => decisive(then[key]) !== decisive(now[key]))
    .map((key) => `${key}: ${then[key]}, now ${now[key]}`);
}
