/**
 * Measures how fast a round learnt.
 *
 * @module
 */
import type { EpochRow } from "../results/summary.ts";

/** Epochs count from 1. Epochs before a late rewind point, which a ticket shares with the dense network, count. */
export interface Convergence {
  /** First epoch whose dev score reaches the threshold; null if none does. */
  epochsToThreshold: number | null;
  /** Epoch of the lowest dev loss (the first of equals), where early stopping would have ended. */
  lowestLossEpoch: number;
}

/** Default threshold, as a share of the dense network's last dev score. */
export const THRESHOLD_SHARE = 0.95;

/** @param rows At least one epoch. */
export function convergenceOf(rows: readonly EpochRow[], threshold: number): Convergence {
  const reached = rows.find((row) => row.devScore >= threshold);
  let lowest = rows[0]!;
  for (const row of rows) {
    if (row.devLoss < lowest.devLoss) lowest = row;
  }
  return { epochsToThreshold: reached?.epoch ?? null, lowestLossEpoch: lowest.epoch };
}
