/**
 * `deno task lth --plan`: predicts time, memory and disk use of a run; trains and writes nothing.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { NativeDevice } from "../addon/native.ts";
import { DATA } from "../core/paths.ts";
import { iterationOf, parseStepPoint } from "../core/step.ts";
import type { LoadedDataset, Split } from "../data/dataset.ts";
import { FILES } from "../data/format.ts";
import { ensureSampleDataset } from "../data/sample.ts";
import { refuseUnusableStretch } from "../config/augmentation.ts";
import type { Config } from "../config/config.ts";
import { workbenchConfig } from "../run/workbench_config.ts";
import { baseOfControl } from "../run/control_config.ts";
import { openDataset } from "../run/dataset.ts";
import { readTeachers } from "../run/teachers.ts";
import { stagesOf } from "../run/stages.ts";
import { networkGraph } from "../config/network_config.ts";
import { prunableWeights } from "../model/graph.ts";
import { costOf, REFERENCE_SAMPLES } from "../pruning/cost.ts";
import { keepCounts } from "../pruning/plan.ts";
import { countWeights } from "../pruning/prune.ts";
import { SPLITS, Workbench } from "../training/workbench.ts";
import { diskOf, type PlannedDisk } from "./disk_use.ts";
import { knownRates, type Rate, secondsPerEpoch } from "./plan_rates.ts";

/** One round of a plan. */
export interface PlannedRound {
  readonly round: number;
  readonly kept: number;
  readonly density: number;
  /** Compression: prunable weights / kept weights. */
  readonly theta: number;
  /** Multiply-adds of a reference record if every layer had the same density. */
  readonly evenMacs: number;
  /** Predicted training time, from measured rates; null if no rate is known. */
  readonly seconds: number | null;
}

/** Bytes of memory by purpose. */
export interface PlannedMemory {
  /**
   * Values, gradients, two moments and, if kept, the average of every parameter; teachers included.
   */
  readonly parameters: number;
  /** The largest program's activations: exactly what the device will allocate. */
  readonly activations: number;
  /** Sparse patterns and packed weights of the kernels, in the round that needs most; an estimate. */
  readonly workspace: number;
  /** Additional buffers for timing convolutions before a round; 0 if nothing is timed. */
  readonly timing: number;
  /** Records, on the device and in the process. */
  readonly dataset: number;
  /** Weights and moments while they are saved or restored. */
  readonly snapshots: number;
  /** Code and heap of the runtime; an estimate. */
  readonly runtime: number;
  /** The sum of all. */
  readonly peak: number;
}

/** The predicted cost of a run. */
export interface RunPlan {
  readonly config: Config;
  readonly device: string;
  readonly records: Readonly<Record<(typeof SPLITS)[number], number>>;
  readonly prunable: number;
  readonly stepsPerEpoch: number;
  readonly denseMacs: number;
  /** Samples of the longest batch. */
  readonly longest: number;
  /** Step of the first round at which the network is kept for rewinding. */
  readonly rewindStep: number;
  readonly rounds: readonly PlannedRound[];
  readonly memory: PlannedMemory;
  readonly disk: PlannedDisk;
  /** Runs whose times were used. */
  readonly rates: readonly Rate[];
}

/** Measured: 96 to 130 MB from the start of the process to the first step. */
const RUNTIME_BYTES = 130e6;
/** Per surviving weight of a sparse layer: pattern, entries of both passes, positions. */
const SPARSE_PLAN_BYTES = 24;
/** Per weight of a dense layer: packed for the forward pass and for the gradient. */
const DENSE_PLAN_BYTES = 8;
/** A layer of higher density runs on dense kernels. */
const DENSE_DENSITY = 0.84;
/**
 * Plans a run.
 *
 * @throws {UsageError} For a configuration that cannot be carried out, as the run itself would.
 */
export function planRun(device: NativeDevice, config: Config): RunPlan {
  return withDataset(config, (dataset) => {
    refuseUnusableStretch(config.training.augment, dataset);
    const { plannedRounds } = stagesOf(config, dataset);
    const keeps = keptWeights(config, dataset);
    const teachers = readTeachers(config, { dataset });
    using bench = new Workbench(device, dataset, workbenchConfig(config, dataset), teachers);
    const { prunable } = countWeights(bench.network);
    const { denseMacs } = costOf(bench.network);
    const rates = knownRates(config, `${device.name}: ${device.description}`);
    const rounds = keeps.map(({ round, kept }) => {
      const density = kept / prunable;
      const epoch = secondsPerEpoch(rates, density);
      return {
        round,
        kept,
        density,
        theta: prunable / kept,
        evenMacs: denseMacs * density,
        seconds: epoch === null ? null : epoch * config.training.epochs,
      };
    });
    const lengths = SPLITS.map((name) => longestOf(dataset.splits[name]));
    return {
      config,
      device: `${device.name}: ${device.description}`,
      records: {
        train: dataset.splits.train.lengths.length,
        dev: dataset.splits.dev.lengths.length,
        test: dataset.splits.test.lengths.length,
      },
      prunable,
      stepsPerEpoch: bench.stepsPerEpoch,
      denseMacs,
      longest: Math.max(...lengths),
      rewindStep: iterationOf(parseStepPoint(config.rewindTo), bench.stepsPerEpoch),
      rounds,
      memory: memoryOf(bench, {
        lengths: lengths as [number, number, number],
        rounds,
        precision: config.precision,
      }),
      disk: diskOf(bench, { plannedRounds, hasDense: rounds[0]!.round === 0 }),
      rates,
    };
  });
}

/** Each round and the number of weights it keeps; a control keeps as many as its base. */
function keptWeights(config: Config, dataset: LoadedDataset): { round: number; kept: number }[] {
  const { control, network, pruning } = config;
  if (control !== null) {
    const base = baseOfControl(control, dataset.sha256);
    return control.rounds.map((round) => ({ round, kept: base.rounds.get(round)!.kept }));
  }
  const total = prunableWeights(networkGraph(network, dataset.classes.length));
  return [total, ...keepCounts(total, pruning)].map((kept, round) => ({ round, kept }));
}

function memoryOf(
  bench: Workbench,
  { lengths, rounds, precision }: {
    lengths: [number, number, number];
    rounds: readonly PlannedRound[];
    precision: Config["precision"];
  },
): PlannedMemory {
  const [train, ...others] = lengths;
  const { longest } = bench.config;
  const weights = bench.network.parameters.reduce((sum, p) => sum + p.parameter.size, 0);
  const averages = bench.network.keepsAverages ? 4 * weights : 0;
  const taught = bench.teachers.flatMap(({ parameters }) => parameters)
    .reduce((sum, { parameter }) => sum + parameter.size, 0);
  const memory = {
    parameters: 16 * (weights + taught) + averages,
    activations: Math.max(
      bench.plannedBytes(Math.min(train, longest), "training"),
      ...[train, ...others].filter((length) => length > 0)
        .map((length) => bench.plannedBytes(length, "evaluation")),
    ),
    workspace: Math.max(
      ...rounds.map(({ kept, density }) =>
        density > DENSE_DENSITY ? DENSE_PLAN_BYTES * kept : SPARSE_PLAN_BYTES * kept
      ),
    ) + DENSE_PLAN_BYTES * taught,
    timing: bench.timesKernels ? timingBytes(bench, Math.min(train, longest), precision) : 0,
    dataset: 2 * bench.dataset.samples.byteLength,
    // Restoring the rewind point with its moments holds the file's bytes and the tensors decoded from them.
    snapshots: 24 * weights + 2 * averages,
    runtime: RUNTIME_BYTES,
  };
  return { ...memory, peak: Object.values(memory).reduce((sum, bytes) => sum + bytes, 0) };
}

/** Bytes of input, output and their gradients for the convolution with the largest sum. */
function timingBytes(
  { network, config }: Workbench,
  length: number,
  precision: Config["precision"],
): number {
  const records = 16 * Math.ceil(config.batchSize / 16); // whole groups
  const sizes = network.analysis.nodes.map((each) => {
    const { node, inChannels, outChannels, samplesPerInput, samplesPerOutput } = each;
    if (node.op !== "conv" || each.input < 0) return 0;
    const elements = (channels: number, samples: number) =>
      2 * channels * (length / samples + 2 * node.kernel);
    return elements(inChannels, samplesPerInput) + elements(outChannels, samplesPerOutput);
  });
  return records * Math.max(...sizes) * (precision === "bf16" ? 2 : 4);
}

function longestOf({ lengths }: Split): number {
  return lengths.reduce((longest, length) => Math.max(longest, length), 0);
}

/** Opens the run's data set. A bundled sample not yet unpacked is unpacked into a temporary folder. */
function withDataset<Result>(config: Config, body: (dataset: LoadedDataset) => Result): Result {
  const built = path.join(DATA, "sample", "built", FILES.description);
  if (config.data !== "sample" || fs.existsSync(built)) return body(openDataset(config));
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lth-plan-"));
  try {
    const data = ensureSampleDataset({ built: path.join(directory, "built") });
    return body(openDataset({ ...config, data }));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

/** Shown under the table. */
export const REFERENCE = `${REFERENCE_SAMPLES.toLocaleString("en")} samples`;
