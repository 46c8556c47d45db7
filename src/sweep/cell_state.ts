/**
 * Reads the state of a cell from its run's directory: its progress, and whether it is complete.
 *
 * @module
 */
import { runDirectory, runFiles } from "../core/paths.ts";
import { type Config, configDifferences } from "../config/config.ts";
import { findRunConfig } from "../config/config_file.ts";
import { hasDenseRound } from "../config/dense_round.ts";
import { RunStore } from "../run/run_store.ts";
import type { RoundState } from "../run/run_store.ts";
import { findSummary } from "../results/read.ts";
import { peekState } from "../training/checkpoint.ts";

/** The progress of a run. */
export interface RunProgress {
  /** Rounds done and rounds in total, the dense one included; `rounds` is null before the first is done. */
  readonly roundsDone: number;
  readonly rounds: number | null;
  /** Epochs done in the current round when it was last saved, and epochs in total. */
  readonly epoch: number;
  readonly epochs: number | null;
  /** Score on dev and compression of the last finished round; null before the first is done. */
  readonly score: number | null;
  readonly theta: number | null;
}

/** Whether the run has nothing left to train. */
export function isComplete(name: string): boolean {
  return new RunStore(runDirectory(name)).hasAllRounds();
}

/**
 * The settings in which an existing run differs from what a plan asks for; empty if there is no run yet.
 *
 * @param configFor The plan's configuration on a backend.
 */
export function settingsDifferences(
  name: string,
  configFor: (backend: Config["backend"]) => Config,
): string[] {
  const store = new RunStore(runDirectory(name));
  if (!store.exists()) return [];
  const saved = store.config();
  return configDifferences(saved, configFor(saved.backend));
}

/** Reads a run's progress; missing files count as no progress. */
export function readProgress(name: string): RunProgress {
  const directory = runDirectory(name);
  const summary = findSummary(directory);
  const config = findRunConfig(directory);
  const latest = peekState<RoundState>(runFiles.latest(directory));
  const finished = summary?.rounds ?? [];
  const last = finished.at(-1);
  // The saved state of a round that was finished later is ignored.
  const current = finished.some(({ round }) => round === latest?.round) ? null : latest;
  return {
    roundsDone: finished.length,
    rounds: summary ? summary.plannedRounds + (hasDenseRound(summary) ? 1 : 0) : null,
    epoch: current?.progress.rows.length ?? 0,
    epochs: config?.training.epochs ?? null,
    score: last?.dev.score ?? null,
    theta: last?.theta ?? null,
  };
}
