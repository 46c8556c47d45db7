/**
 * Times whole training steps: batch assembly, forward, backward, optimiser.
 *
 * @module
 */
import type { OpProfile } from "../src/addon/native.ts";
import type { Workbench } from "../src/training/workbench.ts";

/** Times of a step, in milliseconds. */
export interface StepTime {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Floating-point operations of the convolutions in one step: all weights, surviving weights. */
  readonly denseFlops: number;
  readonly usefulFlops: number;
  /** For each traced op, seconds of one step. */
  readonly ops: readonly OpProfile[];
}

/** Most steps for the choice of kernels after the warm-up: each of two kernels runs each pass four times. */
const MOST_TRIALS = 12;

/** Steps between two waits for a GPU, timed together; training waits as rarely. */
const STEPS_PER_WAIT = { cpu: 1, cuda: 20 } as const;

/** Numbers of steps. */
export interface Repeats {
  /** Steps that are not counted; there are more while kernels are chosen by timing. */
  readonly warmup: number;
  /** Steps whose median counts. */
  readonly repeat: number;
}

/**
 * Times steps of the network with its present masks, on the first records of the train split.
 *
 * @param options.length Samples per record.
 * @param options.trials Most additional steps after the warm-up to wait for the choice of kernels.
 */
export async function timeStep(
  bench: Workbench,
  { length, warmup, repeat, trials = MOST_TRIALS }: Repeats & { length: number; trials?: number },
): Promise<StepTime> {
  const program = bench.trainingProgram(length);
  const { device, config: { batchSize } } = bench;
  await program.chooseKernels(); // as at the beginning of a training round
  let steps = 0;
  /** Mean milliseconds of `count` steps. */
  const run = async (count: number) => {
    const programs = Array.from({ length: count }, () => program);
    const inputs = {
      records: Int32Array.from({ length: count * batchSize }, (_, n) => n % batchSize),
      learningRates: new Float32Array(count).fill(1e-4),
      optimizerStep: steps + 1,
      stream: steps + 1,
    };
    const started = performance.now();
    await device.run(programs, inputs);
    steps += count;
    return (performance.now() - started) / count;
  };
  // A convolution near the break-even tries both of its kernels first.
  while (steps < warmup || (steps < warmup + trials && isTrying(bench))) await run(1);
  const together = STEPS_PER_WAIT[device.name];
  const times: number[] = [];
  if (together > 1) await run(together); // the first ones are captured
  else program.resetProfile();
  while (times.length < repeat) times.push(await run(together));
  times.sort((a, b) => a - b);
  if (together > 1) { // a captured step is one launch: its ops are timed one by one, afterwards
    program.resetProfile();
    for (let i = 0; i < repeat; i++) await run(1);
  }
  const ops = program.profile().map((op) => ({ ...op, seconds: op.seconds / repeat }));
  return {
    median: median(times),
    fastest: times[0]!,
    slowest: times.at(-1)!,
    denseFlops: ops.reduce((sum, op) => sum + op.denseFlops, 0),
    usefulFlops: ops.reduce((sum, op) => sum + op.flops, 0),
    ops,
  };
}

function isTrying(bench: Workbench): boolean {
  return Object.values(bench.kernels()).some((kernels) => kernels.includes("trying"));
}

/** The median: the middle of sorted numbers, or the mean of the two middle ones. */
export function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
