/**
 * What a pruning criterion is: one file below criteria/, one line of the registry in criteria.ts.
 *
 * @module
 */
import type { NamedParameter } from "../model/layers.ts";
import type { Workbench } from "../training/workbench.ts";
import { selectHighest } from "./select.ts";

/** What decides which weights survive. */
export interface PruningCriterion {
  /**
   * "trained": it judges the network that the previous round ended with.
   * "initial": it judges the dense network at initialisation (pruning before training).
   */
  readonly network: "trained" | "initial";
  /** One line for tables. */
  readonly description: string;
  readonly source: string;
  /**
   * Scores of the dense network, taken before the masks of the round before return: whatever is alive,
   * every round cuts the same ranking. One array per prunable tensor.
   */
  readonly denseScores?: (bench: Workbench) => Promise<Float64Array[]>;
  /** One mask per tensor of `candidates`, with exactly `keep` survivors among the weights alive. */
  masks(task: MaskTask): Uint8Array[];
}

/** A choice of survivors. */
export interface MaskTask {
  readonly bench: Workbench;
  /** Prunable tensors that are not kept whole, under the masks of the round before. */
  readonly candidates: readonly NamedParameter[];
  /** Weights to keep of theirs. */
  readonly keep: number;
  /** Of the run. */
  readonly seed: number;
  /** From 1. */
  readonly round: number;
  /** Of all prunable tensors, if the criterion has them. */
  readonly denseScores: readonly Float64Array[] | null;
}

/**
 * The weights alive with the highest scores.
 *
 * @param scores Of all prunable tensors of the network.
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
