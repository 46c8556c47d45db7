/**
 * Early stopping ends a round before its budget. It is a pure function of the epochs so far, so a resumed
 * round ends at the same epoch as an uninterrupted one.
 *
 * @module
 */
import type { EpochRow } from "./progress.ts";

/** When a round ends early. */
export interface EarlyStopping {
  /** Epochs without a better dev value than the best so far. */
  readonly patience: number;
  /** Smallest number of epochs in a round, including those before its rewind point. */
  readonly minEpochs: number;
  /** "loss": the dev loss, lower is better. "score": the dev score, higher is better. */
  readonly metric: "loss" | "score";
}

/** Whether training ends after these epochs. The network keeps the state of the last epoch. */
export function stopsEarly(settings: EarlyStopping | null, rows: readonly EpochRow[]): boolean {
  if (settings === null || rows.length < settings.minEpochs) return false;
  const costs = rows.map((row) => settings.metric === "loss" ? row.devLoss : -row.devScore);
  let best = 0;
  costs.forEach((cost, i) => {
    if (cost < costs[best]!) best = i;
  });
  return rows.length > 0 && rows.length - 1 - best >= settings.patience;
}
