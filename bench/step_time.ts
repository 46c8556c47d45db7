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
  /** Per recorded op, seconds of one step. */
  readonly ops: readonly OpProfile[];
}

/** Steps that the choice of kernels may take after the warm-up: both try each pass four times. */
const MOST_TRIALS = 12;

/** Steps between two waits for a GPU, whose time is that of all of them: training waits as rarely. */
const STEPS_PER_WAIT = { cpu: 1, cuda: 20 } as const;

/** How often a step is done. */
export interface Repeats {
  /** Steps that are not counted; more of them while kernels are being chosen by trial. */
  readonly warmup: number;
  /** Steps whose median counts. */
  readonly repeat: number;
}

/**
 * Times steps of the network as it is masked now, on the first records of the train split.
 *
 * @param options.length Samples per record.
 * @param options.trials Most steps besides the warm-up to wait for the choice of kernels.
 */
export async function timeStep(
  bench: Workbench,
  { length, warmup, repeat, trials = MOST_TRIALS }: Repeats & { length: number; trials?: number },
): Promise<StepTime> {
  const program = bench.trainingProgram(length);
  const { device, config: { batchSize } } = bench;
  await program.chooseKernels(); // as a round of training begins
  let steps = 0;
  /** Milliseconds of each of `count` steps on average. */
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

/** The middle of sorted numbers; the mean of the two in the middle of an even number. */
export function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
