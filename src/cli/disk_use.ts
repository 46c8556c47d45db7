/**
 * What a run takes on disk, said before it begins.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Config } from "../config/config.ts";
import { controlPolicy, isSmallNetwork } from "../config/controls.ts";
import { keepCounts } from "../pruning/plan.ts";
import { countWeights } from "../pruning/prune.ts";
import type { Workbench } from "../training/workbench.ts";

/** Bytes on disk. */
export interface PlannedDisk {
  readonly perRound: number;
  readonly rounds: number;
  readonly rewindPoint: number;
  /** States within a round, at most: the last two and the one being written. None at the end. */
  readonly states: number;
  /** What the run leaves. */
  readonly total: number;
}

/** Per round in files besides the tensors: headers, metrics, predictions. */
const SMALL_FILES = 40_000;

/** @param rounds Pruned ones to come, and whether the dense round is trained too. */
export function diskOf(
  bench: Workbench,
  { plannedRounds, hasDense }: { plannedRounds: number; hasDense: boolean },
): PlannedDisk {
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
    states: 3 * withMoments,
    total: rounds + withMoments,
  };
}

/** Of a run with these settings; null for a control whose rounds are networks of different sizes. */
export function diskOfRun(bench: Workbench, { control, pruning }: Config): PlannedDisk | null {
  if (control !== null && isSmallNetwork(controlPolicy(control.kind))) return null;
  const plannedRounds = control?.rounds.length ??
    keepCounts(countWeights(bench.network).prunable, pruning).length;
  return diskOf(bench, { plannedRounds, hasDense: control === null });
}

/**
 * A sentence for people about a run in `directory`, which need not exist.
 *
 * @param free Bytes left on its disk; by default as the system tells.
 */
export function diskText(
  { total, states }: PlannedDisk,
  { directory, free = freeBytes(directory) }: { directory: string; free?: number | null },
): string {
  const need = total + states - bytesBelow(directory);
  const text = `Disk: ${bytesText(total)} at the end, at most ${bytesText(states)} more until then`;
  if (free === null) return text;
  const room = `${bytesText(free)} free`;
  return need <= free
    ? `${text}; ${room}`
    : `${text}; only ${room}, the run will stop when they are used up and can be resumed then`;
}

/** null where the system does not tell. */
function freeBytes(directory: string): number | null {
  let existing = path.resolve(directory);
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  try {
    const { bavail, bsize } = fs.statfsSync(existing);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function bytesBelow(directory: string): number {
  if (!fs.existsSync(directory)) return 0;
  return fs.readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => fs.statSync(path.join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, stat) => sum + (stat?.isFile() ? stat.size : 0), 0);
}

/** E.g. "1.50 GB". */
export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
