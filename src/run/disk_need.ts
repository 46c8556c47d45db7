/**
 * The disk space that a run needs.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Config } from "../config/config.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import { hasDenseRound } from "../config/dense_round.ts";
import { isSingleTraining } from "../config/modes.ts";
import { keepCounts } from "../pruning/plan.ts";
import { countWeights } from "../pruning/prune.ts";
import type { Workbench } from "../training/workbench.ts";
import { givenBytes } from "./given_bytes.ts";

/** Bytes on disk. */
export interface DiskNeed {
  readonly perRound: number;
  readonly rounds: number;
  readonly rewindPoint: number;
  /** States saved within a round: at most the last two and the one being written; none at the end. */
  readonly states: number;
  /** What the run leaves. */
  readonly total: number;
}

/** Bytes per round outside the tensors: headers, metrics, predictions. */
const SMALL_FILES = 40_000;

/**
 * @param rounds.plannedRounds Number of pruned rounds still to train.
 * @param rounds.hasDense Whether the dense round is trained too.
 * @param rounds.changesMasks Whether states within a round hold masks, because these change during it.
 */
export function diskOf(
  bench: Workbench,
  { plannedRounds, hasDense, changesMasks }: {
    plannedRounds: number;
    hasDense: boolean;
    changesMasks: boolean;
  },
): DiskNeed {
  const weights = bench.network.parameters.reduce((sum, p) => sum + p.parameter.size, 0);
  const buffers = bench.network.buffers.reduce((sum, b) => sum + b.buffer.size, 0);
  const { prunable } = countWeights(bench.network);
  const end = 4 * (weights + buffers) + SMALL_FILES;
  const averages = bench.network.keepsAverages ? 4 * (weights + buffers) : 0;
  const withMoments = end + 8 * weights + averages;
  const perRound = end + prunable;
  const rounds = plannedRounds * perRound + (hasDense ? end : 0);
  return {
    perRound,
    rounds,
    rewindPoint: withMoments,
    states: 3 * (withMoments + (changesMasks ? prunable : 0)),
    total: rounds + withMoments,
  };
}

/** The disk use of a run with these settings; null for a control whose rounds differ in network size. */
export function diskOfRun(bench: Workbench, config: Config): DiskNeed | null {
  if (hasSmallNetworks(config)) return null;
  const { control, mode, pruning } = config;
  const plannedRounds = control?.rounds.length ??
    keepCounts(countWeights(bench.network).prunable, pruning).length;
  const changesMasks = control === null && isSingleTraining(mode);
  return diskOf(bench, { plannedRounds, hasDense: hasDenseRound(config), changesMasks });
}

/**
 * Free bytes on the disk of `directory`, which need not exist; LTH_FREE_DISK replaces the system's word.
 *
 * @returns null if the system does not report it.
 */
export function freeBytes(directory: string): number | null {
  const given = givenBytes("LTH_FREE_DISK");
  if (given !== null) return given;
  let existing = path.resolve(directory);
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  try {
    const { bavail, bsize } = fs.statfsSync(existing);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Bytes of all files below a directory; 0 if it does not exist. */
export function bytesBelow(directory: string): number {
  if (!fs.existsSync(directory)) return 0;
  return fs.readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => fs.statSync(path.join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, stat) => sum + (stat?.isFile() ? stat.size : 0), 0);
}
