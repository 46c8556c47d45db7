/**
 * The interface for watching a run.
 *
 * @module
 */
import type { EpochRow, RoundSummary, Summary } from "../results/summary.ts";
import type { Progress } from "../training/progress.ts";
import type { Workbench } from "../training/workbench.ts";
import type { Environment } from "./environment.ts";

export interface RunObserver {
  /** Everything is open; training starts or continues next. */
  opened(bench: Workbench): void;
  roundStarted(round: number, density: number): void;
  /** Steps have been done. */
  advanced(round: number, progress: Progress): void;
  epochDone(round: number, row: EpochRow): void;
  /** A round's results are on disk. */
  roundDone(round: RoundSummary): void;
  /** `summary.json` is up to date. */
  summarised(summary: Summary, environment: Environment): void;
  /** A message for the user that is no error. */
  note(message: string): void;
  /** Asked after every chunk of steps. */
  stopRequested(): boolean;
}
