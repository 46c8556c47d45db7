/**
 * Times whole training steps of the network: batch assembly, forward, backward, optimiser.
 *
 * @module
 */
import type { NativeDevice, OpProfile } from "../backend/native.ts";
import { createRng } from "../core/rng.ts";
import type { LoadedDataset, Split } from "../data/dataset.ts";
import { applyOverrides, presetConfig } from "../experiment/resolve.ts";
import { workbenchConfig } from "../experiment/workbench_config.ts";
import { Workbench } from "../training/workbench.ts";

/** What to time. */
export interface StepBenchOptions {
  readonly batchSize: number;
  /** Samples per record. */
  readonly length: number;
  readonly filters: number;
  /** Densities of the prunable weights, masks drawn uniformly; largest first. */
  readonly densities: readonly number[];
  readonly warmup: number;
  readonly repeat: number;
}

/** Times of one density, in milliseconds. */
export interface StepTiming {
  readonly density: number;
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Floating-point operations of the convolutions in one step: all weights, surviving weights. */
  readonly denseFlops: number;
  readonly usefulFlops: number;
  /** Per recorded op, seconds of one step. */
  readonly ops: readonly OpProfile[];
}

/** Times every density in turn on one network. */
export async function benchSteps(
  device: NativeDevice,
  options: StepBenchOptions,
): Promise<StepTiming[]> {
  const dataset = noiseDataset(options);
  const { batchSize, filters } = options;
  const config = applyOverrides(presetConfig("cinc2017", device.name), { batchSize, filters });
  using bench = new Workbench(device, dataset, workbenchConfig(config, dataset));
  const timings: StepTiming[] = [];
  for (const density of options.densities) {
    bench.network.initialise(1);
    maskUniformly(bench, density);
    timings.push(await timeSteps(bench, { ...options, density }));
  }
  return timings;
}

function maskUniformly(bench: Workbench, density: number): void {
  if (density === 1) return;
  const rng = createRng(1, "bench mask", density);
  for (const { parameter } of bench.network.prunable) {
    parameter.setMask(Uint8Array.from({ length: parameter.size }, () => +(rng.next() < density)));
  }
}

async function timeSteps(
  bench: Workbench,
  options: StepBenchOptions & { density: number },
): Promise<StepTiming> {
  const { batchSize, length, density, warmup, repeat } = options;
  const program = bench.trainingProgram(length);
  const inputs = {
    records: Int32Array.from({ length: batchSize }, (_, n) => n),
    learningRates: Float32Array.of(1e-4),
  };
  const times: number[] = [];
  for (let i = 0; i < warmup + repeat; i++) {
    if (i === warmup) program.resetProfile();
    const started = performance.now();
    await bench.device.run([program], { ...inputs, optimizerStep: i + 1, stream: i });
    if (i >= warmup) times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const ops = program.profile().map((op) => ({ ...op, seconds: op.seconds / repeat }));
  return {
    density,
    median: times[Math.floor(times.length / 2)]!,
    fastest: times[0]!,
    slowest: times.at(-1)!,
    denseFlops: ops.reduce((sum, op) => sum + op.denseFlops, 0),
    usefulFlops: ops.reduce((sum, op) => sum + op.flops, 0),
    ops,
  };
}

/** One batch of records of noise, all of the same length. */
function noiseDataset({ batchSize, length }: StepBenchOptions): LoadedDataset {
  const rng = createRng(1, "bench data");
  const split = (records: number): Split => ({
    ids: Array.from({ length: records }, (_, n) => String(n)),
    offsets: Float64Array.from({ length: records }, (_, n) => n * length),
    lengths: new Int32Array(records).fill(length),
    labels: Int32Array.from({ length: records }, (_, n) => n % 4),
  });
  return {
    directory: "noise",
    classes: ["A", "N", "O", "~"],
    sampleRate: 300,
    hop: 256,
    mean: 0,
    std: 300,
    sha256: "",
    samples: Int16Array.from({ length: batchSize * length }, () => rng.integer(1801) - 900),
    splits: { train: split(batchSize), dev: split(0), test: split(0) },
  };
}
