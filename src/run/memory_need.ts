/**
 * The memory that a run needs.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { controlPolicy, trainsOn } from "../config/controls.ts";
import { hasDenseRound } from "../config/dense_round.ts";
import { networkGraph } from "../config/network_config.ts";
import { trainingLength } from "../config/training_length.ts";
import type { LoadedDataset, Split } from "../data/dataset.ts";
import { HOP } from "../data/format.ts";
import { prunableWeights } from "../model/graph.ts";
import {
  isChanging,
  maskChanges,
  maskPolicyOf,
  type Stretch,
  stretchesOf,
} from "../pruning/mask_policies.ts";
import { keepCounts } from "../pruning/plan.ts";
import { countWeights } from "../pruning/prune.ts";
import { SPLITS, type Workbench } from "../training/workbench.ts";
import { baseOfControl } from "./control_config.ts";
import { kernelBytes } from "./kernel_memory.ts";

/** Bytes of memory by purpose. */
export interface MemoryNeed {
  /**
   * Values, gradients, two moments and, if kept, the average of every parameter; teachers included.
   */
  readonly parameters: number;
  /** The largest program's activations: exactly what the device will allocate. */
  readonly activations: number;
  /** Masks, patterns and packed weights of the kernels, in the round that needs most; an upper bound. */
  readonly workspace: number;
  /**
   * Which elements dropout keeps, a bit for each, in the programs of all batch lengths; 0 on a CPU, which draws
   * them as it computes.
   */
  readonly dropout: number;
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

/** Measured: 96 to 130 MB from the start of the process to the first step. */
const RUNTIME_BYTES = 130e6;

/** Each round and the number of weights it keeps; a control keeps as many as its base, or all. */
export function keptWeights(
  config: Config,
  dataset: LoadedDataset,
): { round: number; kept: number }[] {
  const { control, network, pruning } = config;
  const total = prunableWeights(networkGraph(network, dataset.classes.length));
  if (control !== null) {
    const base = baseOfControl(control, dataset.sha256);
    const isDense = trainsOn(controlPolicy(control.kind));
    return control.rounds.map((round) => ({
      round,
      kept: isDense ? total : base.rounds.get(round)!.kept,
    }));
  }
  const rounds = [total, ...keepCounts(total, pruning)].map((kept, round) => ({ round, kept }));
  return hasDenseRound(config) ? rounds : rounds.slice(1);
}

/** The training of a run whose masks change during it. */
export interface ChangingMasks {
  /** Number of updates before each change. */
  readonly steps: readonly number[];
  /** The training in stretches between changes. */
  readonly stretches: readonly Stretch[];
  /** Number of additional steps for gradients of all weights. */
  readonly denseGradients: number;
}

/** The changes of a run's masks; null if they do not change during a round. */
export function changingMasks(config: Config, dataset: LoadedDataset): ChangingMasks | null {
  const { control, network, pruning, pruning: { schedule } } = config;
  if (control !== null || !isChanging(schedule)) return null;
  const total = prunableWeights(networkGraph(network, dataset.classes.length));
  const weights = { total, ...trainingLength(config, dataset) };
  const steps = maskChanges(pruning, weights).map(({ step }) => step);
  return {
    steps,
    stretches: stretchesOf(pruning, weights),
    denseGradients: maskPolicyOf(schedule).growth === "gradient" ? steps.length : 0,
  };
}

/** The numbers of weights that a run computes with, at its rounds' ends and, if masks change, before. */
export function heldWeights(config: Config, dataset: LoadedDataset): number[] {
  const changing = changingMasks(config, dataset);
  const total = prunableWeights(networkGraph(config.network, dataset.classes.length));
  return [
    ...keptWeights(config, dataset).map(({ kept }) => kept),
    ...changing?.stretches.map(({ kept }) => kept) ?? [],
    ...(changing?.denseGradients ?? 0) > 0 ? [total] : [],
  ];
}

/** What the memory depends on besides the network and the data. */
export interface MemoryAsked {
  /** The numbers of surviving prunable weights that it computes with at some time. */
  readonly kept: readonly number[];
  readonly precision: Config["precision"];
  /** By default the bench's. */
  readonly batchSize?: number;
  /** Whether steps that compute gradients alone, which have programs of their own, are part of the training. */
  readonly gradientSteps?: boolean;
}

/** What a run needs besides the memory that its batches decide. */
function fixedMemory({ dataset, network }: Workbench) {
  const weights = network.parameters.reduce((sum, p) => sum + p.parameter.size, 0);
  return {
    dataset: 2 * dataset.samples.byteLength,
    // Restoring the rewind point with its moments holds the file's bytes and the tensors decoded from them.
    snapshots: 24 * weights + (network.keepsAverages ? 8 * weights : 0),
    runtime: RUNTIME_BYTES,
  };
}

/** What the process of a run on a GPU needs, besides the memory of the GPU. */
export function memoryBesideGpu(bench: Workbench): number {
  const { dataset, snapshots, runtime } = fixedMemory(bench);
  return runtime + snapshots + dataset / 2;
}

/** The memory of a run on `bench`. Nothing is allocated on the device. */
export function memoryOf(
  bench: Workbench,
  { kept, precision, batchSize = bench.config.batchSize, gradientSteps = false }: MemoryAsked,
): MemoryNeed {
  const [train, ...others] = SPLITS.map((name) => longestOf(bench.dataset.splits[name])) as [
    number,
    number,
    number,
  ];
  const { longest } = bench.config;
  const device = bench.device.name;
  const weights = bench.network.parameters.reduce((sum, p) => sum + p.parameter.size, 0);
  const averages = bench.network.keepsAverages ? 4 * weights : 0;
  const taught = bench.teachers.flatMap(({ parameters }) => parameters)
    .reduce((sum, { parameter }) => sum + parameter.size, 0);
  const memory = {
    parameters: 16 * (weights + taught) + averages,
    activations: Math.max(
      bench.plannedBytes(Math.min(train, longest), "training", batchSize),
      ...[train, ...others].filter((length) => length > 0)
        .map((length) => bench.plannedBytes(length, "evaluation", batchSize)),
    ),
    workspace:
      Math.max(...kept.map((count) => kernelBytes(bench.network, { kept: count, device }))) +
      bench.teachers.reduce(
        (sum, network) => sum + kernelBytes(network, { kept: countWeights(network).kept, device }),
        0,
      ),
    dropout: device === "cpu" ? 0 : (gradientSteps ? 2 : 1) * dropoutBytes(bench, batchSize),
    timing: bench.timesKernels
      ? timingBytes(bench, { length: Math.min(train, longest), precision, batchSize })
      : 0,
    ...fixedMemory(bench),
  };
  return { ...memory, peak: Object.values(memory).reduce((sum, bytes) => sum + bytes, 0) };
}

/** Records of a batch in whole groups. */
const GROUP = 16;

/**
 * Bytes of dropout's bits in the training programs of a run on a GPU: 16 records of a position share a word of 16
 * bits. Each batch length has a program, which keeps its own.
 */
export function dropoutBytes(
  { network, config, dataset }: Pick<Workbench, "network" | "config" | "dataset">,
  batchSize: number,
): number {
  const groups = Math.ceil(batchSize / GROUP);
  const norms = network.analysis.nodes.filter(({ node }) => node.op === "norm" && node.dropout > 0);
  return batchLengths(dataset.splits.train, config.longest).reduce(
    (sum, length) =>
      sum + norms.reduce((own, { outChannels, samplesPerOutput }) =>
        // The buffer holds whole floats.
        own + 4 * Math.ceil(groups * outChannels * (length / samplesPerOutput) / 2), 0),
    0,
  );
}

/** The lengths that batches of a split can have. */
function batchLengths({ lengths }: Split, longest: number): number[] {
  return [
    ...new Set(Array.from(lengths, (length) => HOP * Math.ceil(Math.min(length, longest) / HOP))),
  ];
}

/** Bytes of input, output and their gradients for the convolution with the largest sum. */
function timingBytes(
  { network }: Workbench,
  { length, precision, batchSize }: {
    length: number;
    precision: Config["precision"];
    batchSize: number;
  },
): number {
  const records = GROUP * Math.ceil(batchSize / GROUP);
  const sizes = network.analysis.nodes.map((each) => {
    const { node, inChannels, outChannels, samplesPerInput, samplesPerOutput } = each;
    if (node.op !== "conv" || each.input < 0) return 0;
    const elements = (channels: number, samples: number) =>
      2 * channels * (length / samples + 2 * node.kernel);
    return elements(inChannels, samplesPerInput) + elements(outChannels, samplesPerOutput);
  });
  return records * Math.max(...sizes) * (precision === "bf16" ? 2 : 4);
}

/** Samples of a split's longest record. */
export function longestOf({ lengths }: Split): number {
  return lengths.reduce((longest, length) => Math.max(longest, length), 0);
}
