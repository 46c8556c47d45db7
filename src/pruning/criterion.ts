/**
 * The interface of pruning criteria. A criterion is one file below criteria/ and one line of the registry
 * in criteria.ts.
 *
 * @module
 */
import type { NamedParameter } from "../model/layers.ts";
import type { Workbench } from "../training/workbench.ts";
import { selectHighest } from "./select.ts";

/** Decides which weights survive. */
export interface PruningCriterion {
  /**
   * "trained": it scores the network at the end of the previous round.
   * "initial": it scores the dense network at initialisation (pruning before training).
   */
  readonly network: "trained" | "initial";
  /** One line for tables. */
  readonly description: string;
  /** Where it was published. */
  readonly source: string;
  /**
   * Scores of the dense network, computed before the masks of the previous round are restored. So every
   * round prunes by the same ranking. One array per prunable tensor.
   */
  readonly denseScores?: (bench: Workbench) => Promise<Float64Array[]>;
  /** One mask per tensor of `candidates`, with exactly `keep` survivors among the surviving weights. */
  masks(task: MaskTask): Uint8Array[];
}

/** The task of choosing survivors. */
export interface MaskTask {
  /** The network, its data and its device. */
  readonly bench: Workbench;
  /** Prunable tensors except the kept layers, under the masks of the previous round. */
  readonly candidates: readonly NamedParameter[];
  /** Number of their weights to keep. */
  readonly keep: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Number of the round, from 1. */
  readonly round: number;
  /** Scores of all prunable tensors, if the criterion has them. */
  readonly denseScores: readonly Float64Array[] | null;
}

/**
 * Keeps the surviving weights with the highest scores.
 *
 * @param scores Scores of all prunable tensors of the network.
 */
export function highest(
  { bench, candidates, keep }: MaskTask,
  scores: readonly Float64Array[],
): Uint8Array[] {
  const names = candidates.map(({ name }) => name);
  const { prunable } = bench.network;
  return selectHighest(scores.filter((_, t) => names.includes(prunable[t]!.name)), {
    alive: candidates.map(({ parameter }) => parameter.readMask()),
    keep,
  });
}
