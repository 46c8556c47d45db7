/**
 * Times a whole schedule: the dense round and rounds that each prune a fifth of the remaining weights, all with
 * the same number of steps.
 *
 * @module
 */
import { keepCounts } from "../src/pruning/plan.ts";
import { countWeights } from "../src/pruning/prune.ts";
import type { Snapshot } from "../src/training/snapshot.ts";
import type { Workbench } from "../src/training/workbench.ts";
import { unmask } from "./masks.ts";
import { type Repeats, timeStep } from "./step_time.ts";

/** One round. */
export interface ScheduleRound {
  readonly round: number;
  readonly density: number;
  /** Time of a step: measured, or interpolated between its neighbours on a logarithmic scale. */
  readonly milliseconds: number;
  readonly measured: boolean;
  /** Milliseconds for selecting and setting the masks. */
  readonly pruning: number;
  /** Floating-point operations of a step's surviving weights. */
  readonly usefulFlops: number;
}

/** A schedule's time. */
export interface ScheduleTiming {
  readonly rounds: readonly ScheduleRound[];
  readonly stepsPerRound: number;
  /** Seconds of all steps and all pruning. */
  readonly seconds: number;
  /** Whether every step was done; if not, times of a few steps per round are multiplied. */
  readonly inFull: boolean;
}

/** Options of the schedule. */
export interface ScheduleOptions extends Repeats {
  readonly weights: Snapshot;
  readonly length: number;
  readonly pruningRounds: number;
  /** Share of the remaining weights that each round prunes. */
  readonly fraction: number;
  readonly stepsPerRound: number;
  /** Measure every n-th round only. */
  readonly every: number;
  /** Do all steps of every round. */
  readonly inFull: boolean;
  /** Prunes to `keep` weights; returns the milliseconds that it took. */
  readonly prune: (bench: Workbench, keep: number) => number;
  /** Called after each round. */
  readonly progress?: (round: number) => void;
}

/** Times the schedule; evaluation is not part of it. */
export async function benchSchedule(
  bench: Workbench,
  options: ScheduleOptions,
): Promise<ScheduleTiming> {
  const { pruningRounds, fraction, stepsPerRound, weights, length, inFull } = options;
  unmask(bench.network, weights);
  const { prunable } = countWeights(bench.network);
  const keeps = keepCounts(prunable, {
    schedule: { kind: "fixed", fraction },
    rounds: pruningRounds,
    target: null,
  });
  const rounds: ScheduleRound[] = [];
  let seconds = 0;
  for (let round = 0; round <= pruningRounds; round++) {
    const pruning = round === 0 ? 0 : options.prune(bench, keeps[round - 1]!);
    const density = (round === 0 ? prunable : keeps[round - 1]!) / prunable;
    const measured = inFull || round % options.every === 0 || round === pruningRounds;
    let milliseconds = NaN;
    const usefulFlops = usefulFlopsOf(bench, length);
    if (inFull) {
      const started = performance.now();
      await timeStep(bench, { length, warmup: 0, trials: 0, repeat: stepsPerRound });
      milliseconds = (performance.now() - started) / stepsPerRound;
    } else if (measured) {
      milliseconds = (await timeStep(bench, options)).median;
    }
    rounds.push({ round, density, milliseconds, measured, pruning, usefulFlops });
    options.progress?.(round);
  }
  const complete = interpolate(rounds);
  for (const { milliseconds, pruning } of complete) {
    seconds += (milliseconds * stepsPerRound + pruning) / 1000;
  }
  return { rounds: complete, stepsPerRound, seconds, inFull };
}

function usefulFlopsOf(bench: Workbench, length: number): number {
  return bench.trainingProgram(length).profile().reduce((sum, { flops }) => sum + flops, 0);
}

/** Fills in the rounds between measured ones, the first and last of which are measured. */
export function interpolate(rounds: readonly ScheduleRound[]): ScheduleRound[] {
  return rounds.map((entry, i) => {
    if (entry.measured) return entry;
    const before = rounds.slice(0, i).findLast((each) => each.measured)!;
    const after = rounds.slice(i).find((each) => each.measured)!;
    const share = (entry.round - before.round) / (after.round - before.round);
    const milliseconds = before.milliseconds ** (1 - share) * after.milliseconds ** share;
    return { ...entry, milliseconds };
  });
}
