/**
 * The machine, build and data of a run. They are recorded because the last bits depend on them.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import { Failure } from "../core/errors.ts";

/** Versions and hardware, as in `environment.json`. */
export interface Environment extends Record<string, unknown> {
  created: string;
  deno: string;
  platform: string;
  processor: string;
  cores: number;
  memoryBytes: number;
  /** Backend and its processor. */
  device: string;
  /** Version and build settings of the native addon. */
  native: string;
  datasetSha256: string;
  /** SHA-256 of the `config.json` that the run began with; absent in older runs. */
  configSha256?: string;
  /** In a fork: which rounds of which run it began with, and on what they were made. */
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
    // Treated like a file without contents.
  }
  throw new Failure(
    `${file} is damaged: the machine and build the run began on are unknown; put it back, or start the run again under ` +
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

/** The entries that can change the last bits. */
const DECISIVE = ["device", "native", "datasetSha256"] as const;

/** The number of threads changes no bit: every reduction has a fixed order. */
const THREADS = /, \d+ threads?$/;

/** Differences between `then` and `now` that can change the last bits of results; empty if none. */
export function numericDifferences(then: Environment, now: Environment): string[] {
  const decisive = (text: string) => text.replace(THREADS, "");
  return DECISIVE
    .filter((key) => decisive(then[key]) !== decisive(now[key]))
    .map((key) => `${key}: ${then[key]}, now ${now[key]}`);
}

/** Instruction sets of x86-64 as a device names them and as `--isa` takes them; a machine with one has the earlier. */
const INSTRUCTION_SETS = [
  { name: "portable", isa: "portable" },
  { name: "AVX2", isa: "avx2" },
  { name: "AVX-512", isa: "avx512" },
] as const;

/**
 * The option that makes this machine compute as the one of `then` did, if they differ in their instruction set alone
 * and this one has both; else null.
 */
export function sameInstructions(then: Environment, now: Environment): string | null {
  const place = ({ device }: Environment) =>
    INSTRUCTION_SETS.findIndex(({ name }) => device.startsWith(`cpu: ${name},`));
  const [there, here] = [place(then), place(now)];
  if (there < 0 || there >= here) return null;
  const { name, isa } = INSTRUCTION_SETS[there]!;
  const device = now.device.replace(INSTRUCTION_SETS[here]!.name, name);
  return numericDifferences(then, { ...now, device }).length === 0 ? `--isa ${isa}` : null;
}
