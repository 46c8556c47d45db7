/**
 * Ending a round before its budget. A pure function of the epochs so far, so that a resumed round ends
 * where an uninterrupted one does.
 *
 * @module
 */
import type { EpochRow } from "./progress.ts";

/** When a round ends early. */
export interface EarlyStopping {
  /** Epochs without a better dev value than the best so far. */
  readonly patience: number;
  /** Not before so many epochs of the round, those before its rewind point included. */
  readonly minEpochs: number;
  /** "loss": the dev loss, lower is better. "score": the dev score, higher is better. */
  readonly metric: "loss" | "score";
}

/** Whether training ends after these epochs. The network stays as the last epoch left it. */
export function stopsEarly(settings: EarlyStopping | null, rows: readonly EpochRow[]): boolean {
  if (settings === null || rows.length < settings.minEpochs) return false;
  const costs = rows.map((row) => settings.metric === "loss" ? row.devLoss : -row.devScore);
  let best = 0;
  costs.forEach((cost, i) => {
    if (cost < costs[best]!) best = i;
  });
  return rows.length > 0 && rows.length - 1 - best >= settings.patience;
}
