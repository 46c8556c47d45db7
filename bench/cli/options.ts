/**
 * The options of `deno task bench`.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Precision } from "../../src/addon/native.ts";
import type { Isa } from "../../src/addon/native_inference.ts";
import { defaultPrecision } from "../../src/addon/select.ts";
import { type TableName, TABLES } from "../document.ts";
import type { StepShape } from "../shape.ts";
import { TORCH_SCRIPT } from "../torch_peer.ts";
import { UsageError } from "../../src/core/errors.ts";
import { createCommand, integer, number } from "../../src/cli/command.ts";
import { deviceOption, isaOption, precisionOption } from "../../src/cli/device_options.ts";

/** What is measured, and how. */
export interface BenchOptions {
  readonly only: readonly TableName[];
  readonly shapes: readonly Pick<StepShape, "batchSize" | "length">[];
  readonly filters: number;
  readonly densities: readonly number[];
  readonly warmup: number;
  readonly repeat: number;
  readonly backend: "cpu" | "cuda";
  /** Number of the GPU. */
  readonly device?: number;
  readonly threads: number;
  readonly isa: Isa;
  readonly precision: Precision;
  readonly peer: "none" | "torch" | "tfjs";
  readonly peerDensities: readonly number[];
  readonly torchScript: string;
  /** A finished run whose masks are used in addition. */
  readonly run?: string;
  /** The data set of the epoch table: "sample", or a folder. */
  readonly data: string;
  readonly trainSteps: number;
  readonly rounds: number;
  readonly epochs: number;
  /** Every n-th round of the schedule is measured. */
  readonly every: number;
  readonly fullSchedule: boolean;
  readonly topkSizes: readonly number[];
  readonly quick: boolean;
  readonly ops: boolean;
  readonly json: boolean;
  readonly native: boolean;
}

const FULL = {
  shapes: [{ batchSize: 32, length: 8960 }, { batchSize: 16, length: 17_920 }],
  densities: [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.007],
  warmup: 2,
  repeat: 5,
  trainSteps: 30,
  every: 1,
  topkSizes: [10_454_528, 100_000_000],
};

/** Takes less than a minute in total, without the build. */
const QUICK: typeof FULL = {
  shapes: [{ batchSize: 16, length: 8960 }],
  densities: [1, 0.1, 0.007],
  warmup: 1,
  repeat: 2,
  trainSteps: 0,
  every: 10,
  topkSizes: [10_454_528],
};

/** Tables for a GPU. Inference runs only on the CPU, and top-k has its own native benchmark. */
const CUDA_TABLES: readonly TableName[] = ["steps", "layers", "schedule", "memory", "epoch"];

function benchCommand(): Command {
  return createCommand("bench", "Time training steps, pruning and inference, and measure memory")
    .option(
      "--only <tables>",
      `some of ${TABLES.join(", ")} (default: all but epoch that the backend has)`,
      tables,
    )
    .option("--quick", "under a minute: fewer densities, steps and rounds, a smaller batch", false)
    .option("--shapes <list>", "records x samples of a step (default: 32x8960,16x17920)", shapes)
    .option("--filters <n>", "filters of the first stage", integer(1, 4096), 32)
    .option(
      "--densities <list>",
      `of the prunable weights (default: ${FULL.densities.join(",")})`,
      densities,
    )
    .option("--warmup <n>", "steps that are not counted (default: 2)", integer(0))
    .option("--repeat <n>", "steps whose median is shown (default: 5)", integer(1))
    .option("--threads <n>", "CPU threads, 0 for one per core", integer(0, 1024), 0)
    .addOption(isaOption())
    .addOption(
      new Option("--backend <name>", "where to compute").choices(["cpu", "cuda"]).default("cpu"),
    )
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(
      new Option("--peer <name>", "another library to compare with").choices([
        "torch",
        "tfjs",
        "none",
      ])
        .default("none"),
    )
    .option(
      "--peer-densities <list>",
      "densities at which PyTorch multiplies by masks (default: all; with --quick the lowest)",
      densities,
    )
    .option("--torch-script <file>", "another script for --peer torch", TORCH_SCRIPT)
    .option("--run <name>", "also measure with the layer densities of this finished run")
    .option("--data <folder>", "data set of the epoch table", "sample")
    .option(
      "--train-steps <n>",
      "training steps before the global magnitude selection (default: 30)",
      integer(0),
    )
    .option("--rounds <n>", "pruning rounds of the schedule, 20 % each", integer(1, 60), 20)
    .option("--epochs <n>", "epochs of each of its rounds", integer(1), 15)
    .option("--every <n>", "measure every n-th of its rounds (default: 1)", integer(1))
    .option("--full-schedule", "do every step of the schedule: about an hour", false)
    .option("--topk-sizes <list>", "numbers of weights to select from", counts)
    .option("--ops", "show the time of every op, not only sums by part of the network", false)
    .option("--native", "run the native micro-benchmarks per op and shape instead", false)
    .option("--json", "print one JSON document and nothing else", false);
}

/**
 * Reads the command line.
 *
 * @throws {CommanderError} After printing the error or the help.
 * @throws {UsageError} If options contradict each other.
 */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const given = benchCommand().parse([...args], { from: "user" }).opts<BenchOptions>();
  const options = { ...(given.quick ? QUICK : FULL), ...given };
  const peerDensities = given.peerDensities ??
    (given.quick ? options.densities.slice(-1) : options.densities);
  if (given.native && given.json) {
    throw new UsageError("Cannot use --native with --json: its output is text for reading");
  }
  const { backend, precision = defaultPrecision(backend) } = given;
  const available = backend === "cuda" ? CUDA_TABLES : TABLES;
  const only = given.only ?? available.filter((name) => name !== "epoch");
  const missing = only.filter((name) => !available.includes(name));
  if (missing.length > 0) {
    throw new UsageError(
      `Cannot measure ${missing.join(", ")} with --backend ${backend}: it has ${
        available.join(", ")
      }`,
    );
  }
  if (backend === "cuda" && given.native) {
    throw new UsageError(
      "Cannot use --native with --backend cuda: build/cuda_*_bench are run by scripts/verify_cuda.sh",
    );
  }
  return { ...options, peerDensities, precision, only };
}

function list<Item>(text: string, item: (word: string) => Item): Item[] {
  return text.split(",").map((word) => item(word.trim()));
}

function densities(text: string): number[] {
  const values = list(text, number(0, 1));
  if (values.some((value) => value === 0)) {
    throw new InvalidArgumentError("A density must be more than 0.");
  }
  return [...new Set(values)].sort((a, b) => b - a);
}

function counts(text: string): number[] {
  return list(text, integer(1000, 1e9));
}

function tables(text: string): TableName[] {
  return list(text, (word) => {
    const name = TABLES.find((table) => table === word);
    if (!name) throw new InvalidArgumentError(`Expected some of ${TABLES.join(", ")}.`);
    return name;
  });
}

function shapes(text: string): { batchSize: number; length: number }[] {
  return list(text, (word) => {
    const match = /^(\d+)x(\d+)$/.exec(word);
    const batchSize = Number(match?.[1]);
    const length = Number(match?.[2]);
    if (!match || batchSize < 1 || length < 256 || length % 256 !== 0) {
      throw new InvalidArgumentError(
        "Expected records x samples, the samples a multiple of 256, as in 32x8960.",
      );
    }
    return { batchSize, length };
  });
}
