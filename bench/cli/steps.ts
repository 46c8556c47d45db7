/**
 * The tables of the benchmark that time training steps.
 *
 * @module
 */
import type { NativeDevice } from "../../src/addon/native.ts";
import { opTimes } from "../breakdown.ts";
import type { LayerTable, ScheduleTable, StepTable, TfjsTable } from "../document.ts";
import type { Floors } from "../machine.ts";
import {
  keepAtRandom,
  keepLargest,
  magnitudeMasks,
  type MaskSource,
  uniformMasks,
} from "../masks.ts";
import { runMasks } from "../run_masks.ts";
import { benchSchedule } from "../schedule_bench.ts";
import { openBench, shapeText, type StepShape } from "../shape.ts";
import { benchSteps, slowerThanDenser, type StepTiming } from "../step_bench.ts";
import { timeStep } from "../step_time.ts";
import { loadTfjs, runTfjsPeer, tfjsShape } from "../tfjs_peer.ts";
import { runTorchPeer, type TorchTimings } from "../torch_peer.ts";
import { type BenchWeights, makeWeights } from "../weights.ts";
import type { BenchOptions } from "./options.ts";

/** Densities whose time is broken down. */
const BREAKDOWNS = [1, 0.1, 0.007];
/** The schedule: quick-size data, a fifth of the weights pruned in each round. */
const SCHEDULE = { records: 418, batchSize: 32, length: 8960, fraction: 0.2 } as const;
/** Records per step of the training that produces weights for the magnitude selection. */
const TRAINING_BATCH = 16;

interface Context {
  /** Prints the current activity. */
  readonly note: (text: string) => void;
}

/** Results of the step tables that other tables use. */
export interface StepTables {
  readonly steps: StepTable[];
  readonly layers: LayerTable[];
  readonly torch: TorchTimings["description"] | null;
  readonly weights: BenchWeights;
}

export function needsSteps({ only }: BenchOptions): boolean {
  return only.includes("steps") || only.includes("layers");
}

/** Steps of every shape and kind of mask; breakdowns of the first shape with the first kind. */
export async function stepTables(
  device: NativeDevice,
  options: BenchOptions,
  context: Context & { floors: Floors },
): Promise<StepTables> {
  const { floors, note } = context;
  const weights = await benchWeights(device, options, context);
  const sources = maskSources(weights, options);
  const withSteps = options.only.includes("steps");
  const densities = withSteps ? options.densities : BREAKDOWNS;
  const steps: StepTable[] = [];
  const layers: LayerTable[] = [];
  let torch: string | null = null;
  for (const { batchSize, length } of withSteps ? options.shapes : options.shapes.slice(0, 1)) {
    const shape = { batchSize, length, filters: options.filters };
    const peer = withSteps ? await torchSteps(shape, options, context) : null;
    torch ??= peer?.description ?? null;
    using bench = openBench(device, shape);
    for (const masks of withSteps ? sources : sources.slice(0, 2)) {
      note(`steps of ${shapeText(shape)}, ${masks.description}`);
      const timings = await benchSteps(bench, { ...options, length, densities, masks });
      steps.push({
        shape,
        masks: { kind: masks.kind, description: masks.description },
        timings: timings.map(({ ops: _, ...timing }) => timing),
        slower: slowerThanDenser(timings),
        peer: peer?.timings ?? [],
      });
      if (shape.length === options.shapes[0]!.length && layers.length < 2 * BREAKDOWNS.length) {
        layers.push(...breakdowns(timings, { shape, masks, floors }));
      }
    }
  }
  return { steps, layers, torch, weights };
}

function breakdowns(
  timings: readonly StepTiming[],
  context: { shape: StepShape; masks: MaskSource; floors: Floors },
): LayerTable[] {
  const { shape, masks: { description: masks }, floors } = context;
  return timings.filter(({ asked }) => BREAKDOWNS.includes(asked))
    .map(({ density, median, ops }) => ({
      shape,
      masks,
      density,
      median,
      ops: opTimes(ops, floors),
    }));
}

async function benchWeights(
  device: NativeDevice,
  { filters, trainSteps: steps }: BenchOptions,
  { note }: Context,
): Promise<BenchWeights> {
  note(steps > 0 ? `${steps} steps of training on the bundled recordings` : "initial weights");
  return await makeWeights(device, { filters, steps, batchSize: TRAINING_BATCH });
}

function maskSources({ weights, origin }: BenchWeights, { run }: BenchOptions): MaskSource[] {
  return [
    uniformMasks(weights),
    magnitudeMasks(weights, origin),
    ...(run === undefined ? [] : [runMasks(run, weights)]),
  ];
}

async function torchSteps(
  shape: StepShape,
  options: BenchOptions,
  { note }: Context,
): Promise<TorchTimings | null> {
  if (options.peer !== "torch") return null;
  note(`PyTorch at ${shapeText(shape)}`);
  return await runTorchPeer({
    ...options,
    ...shape,
    script: options.torchScript,
    densities: [...new Set([1, ...options.peerDensities])],
  });
}

/** The whole schedule; uses weights and PyTorch's dense step from the step tables if they exist. */
export async function scheduleTables(
  device: NativeDevice,
  options: BenchOptions,
  context: Context & {
    floors: Floors;
    weights: BenchWeights | null;
    steps: readonly StepTable[] | null;
  },
): Promise<ScheduleTable[]> {
  const { note, floors, steps } = context;
  const shape = { ...(options.quick ? options.shapes[0]! : SCHEDULE), filters: options.filters };
  const { batchSize, length } = shape;
  const { weights, origin } = context.weights ?? await benchWeights(device, options, context);
  const known = steps?.find((table) => shapeText(table.shape) === shapeText(shape))?.peer ?? [];
  const peer = known.length > 0
    ? known
    : (await torchSteps(shape, { ...options, peerDensities: [] }, context))?.timings ?? [];
  const peerStep = peer.find(({ density }) => density === 1)?.milliseconds ?? null;
  using bench = openBench(device, shape);
  const tables: ScheduleTable[] = [];
  for (const { description, prune } of prunings(origin, options)) {
    note(`schedule, ${description}`);
    const timing = await benchSchedule(bench, {
      weights,
      length,
      prune: (bench, keep) => {
        const { select, mask } = prune(bench, keep);
        return select + mask;
      },
      fraction: SCHEDULE.fraction,
      pruningRounds: options.rounds,
      stepsPerRound: Math.ceil(SCHEDULE.records / batchSize) * options.epochs,
      every: options.every,
      inFull: options.fullSchedule,
      warmup: 1,
      repeat: options.quick ? 1 : 3,
      progress: (round) => note(`round ${round} of ${options.rounds}`),
    });
    const { stepsPerRound, rounds } = timing;
    const flops = rounds.reduce((sum, { usefulFlops }) => sum + usefulFlops, 0) * stepsPerRound;
    tables.push({
      ...timing,
      shape: { batchSize, length, filters: options.filters },
      masks: description,
      epochs: options.epochs,
      records: SCHEDULE.records,
      peerStep,
      peerSeconds: peerStep === null ? null : peerStep * stepsPerRound * rounds.length / 1000,
      peakSeconds: flops / (1e9 * floors.peakGflops),
    });
  }
  return tables;
}

/** The kinds of masks of a schedule; --quick uses one, because both would take too long. */
function prunings(origin: string, { quick }: BenchOptions) {
  const magnitude = {
    description: `masks of a global magnitude selection (${origin})`,
    prune: keepLargest,
  };
  const uniform = { description: "uniform masks", prune: keepAtRandom };
  return quick ? [magnitude] : [magnitude, uniform];
}

/** Dense steps compared with TensorFlow.js, at the shape that its package can do. */
export async function tfjsTable(device: NativeDevice, { note }: Context): Promise<TfjsTable> {
  const loaded = await loadTfjs();
  const shape = tfjsShape(loaded.name);
  note(`${loaded.name} at ${shapeText(shape)}`);
  const repeats = { warmup: 1, repeat: 3 };
  const milliseconds = await runTfjsPeer(loaded, { ...shape, ...repeats });
  using bench = openBench(device, shape);
  bench.network.initialise(1);
  const ours = await timeStep(bench, { length: shape.length, warmup: 3, repeat: 11 });
  return {
    package: loaded.name,
    reason: loaded.reason,
    shape,
    milliseconds,
    ours: ours.median,
  };
}
