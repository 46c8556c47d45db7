/**
 * Linear mode connectivity (Frankle, Dziugaite, Roy and Carbin 2020, "Linear mode connectivity and the
 * lottery ticket hypothesis", section 2): whether two networks trained from one start with different data
 * orders are connected by a straight line without a rise of the error.
 *
 * @module
 */
import { evaluate } from "../training/evaluate.ts";
import { recalibrateStatistics } from "../training/recalibrate.ts";
import { restoreMasks, restoreSnapshot, type Snapshot } from "../training/snapshot.ts";
import type { Workbench } from "../training/workbench.ts";

/** Number of points on the line, both ends included. */
const POINTS = 11;

/** The paper calls a network stable if its instability is below this. */
export const STABLE_BELOW = 0.02;

/** One point of the line. */
export interface LinePoint {
  /** 0 for the run's own network, 1 for the one with the other data order. */
  at: number;
  /** Share of the dev records that are labelled wrongly. */
  error: number;
  loss: number;
  score: number;
}

export interface Barrier {
  line: LinePoint[];
  /** Largest error on the line minus the mean error of both ends. */
  instability: number;
}

/**
 * Evaluates the networks on the line between two networks. Running statistics cannot be interpolated (the
 * variance of a mean of two networks is not the mean of their variances), so they are estimated again at
 * every point, the ends included.
 *
 * @param ends.masks null for dense networks.
 * @param ends.settle Called after the masks are set, before anything is computed.
 */
export async function measureBarrier(
  bench: Workbench,
  ends: { a: Snapshot; b: Snapshot; masks: Snapshot | null; settle?: () => void },
): Promise<Barrier> {
  const { a, b, masks, settle } = ends;
  if (masks) restoreMasks(bench.network, masks);
  settle?.();
  const line: LinePoint[] = [];
  for (let i = 0; i < POINTS; i++) {
    const at = i / (POINTS - 1);
    restoreSnapshot(bench.network, between(a, b, at));
    await recalibrateStatistics(bench);
    const { scores } = await evaluate(bench, "dev");
    line.push({ at, error: 1 - scores.accuracy, loss: scores.loss, score: scores.score });
  }
  return { line, instability: instabilityOf(line.map(({ error }) => error)) };
}

/** Largest error minus the mean of the first and the last. */
export function instabilityOf(errors: readonly number[]): number {
  return Math.max(...errors) - (errors[0]! + errors.at(-1)!) / 2;
}

/** (1 - at) * a + at * b of every tensor. */
function between(a: Snapshot, b: Snapshot, at: number): Snapshot {
  return new Map([...a].map(([key, { shape, data }]) => {
    const other = b.get(key)!.data as Float32Array;
    const mixed = (data as Float32Array).map((x, i) => (1 - at) * x + at * other[i]!);
    return [key, { shape, data: mixed }];
  }));
}
