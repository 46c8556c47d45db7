/**
 * Prunes a network to an exact number of weights.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Network } from "../model/network.ts";
import { restoreMasks, type Snapshot } from "../training/snapshot.ts";
import type { Workbench } from "../training/workbench.ts";
import { type Criterion, criterionOf } from "./criteria.ts";

/** Options of a pruning step. */
export interface PruningStep {
  readonly criterion: Criterion;
  /** Number of prunable weights to keep, including those of the kept layers. */
  readonly keep: number;
  /** Names of convolutions that are not pruned. */
  readonly keepLayers: readonly string[];
  /** Seed of the run. */
  readonly seed: number;
  readonly round: number;
  /** The masks of the previous round; null if no weight is pruned yet. */
  readonly alive: Snapshot | null;
}

/**
 * Prunes surviving weights until exactly `keep` are left.
 *
 * @param bench Its network holds the weights to score, with dense masks.
 * @throws {UsageError} If a kept layer does not exist, or the kept layers alone hold more than `keep`.
 */
export async function prune(bench: Workbench, step: PruningStep): Promise<void> {
  const { network } = bench;
  const { keepLayers, seed, round } = step;
  const sizes = network.prunable.map(({ name, parameter: { size } }) => ({ name, size }));
  const fixed = refuseKeepLayers(sizes, step);
  const candidates = network.prunable.filter(({ name }) => !isKept(name, keepLayers));
  const criterion = criterionOf(step.criterion);
  const denseScores = await criterion.denseScores?.(bench) ?? null;
  if (step.alive) restoreMasks(network, step.alive);
  const masks = criterion.masks({
    ...{ bench, candidates, seed, round, denseScores },
    keep: step.keep - fixed,
  });
  candidates.forEach(({ parameter }, i) => parameter.setMask(masks[i]!));
}

/** Whether a tensor belongs to a layer that is never pruned. */
export function isKept(tensor: string, keepLayers: readonly string[]): boolean {
  return keepLayers.includes(layerOf(tensor));
}

function layerOf(tensor: string): string {
  return tensor.replace(/\.weight$/, "");
}

/**
 * Checks layers that are never pruned against a network's prunable tensors.
 *
 * @param step.keep Weights to keep in all.
 * @returns Number of weights in the kept layers.
 * @throws {UsageError} If a layer does not exist, or the layers together leave no weight to choose.
 */
export function refuseKeepLayers(
  tensors: readonly { name: string; size: number }[],
  step: { keepLayers: readonly string[]; keep: number },
): number {
  const { keepLayers, keep } = step;
  const layers = tensors.map(({ name }) => layerOf(name));
  const unknown = keepLayers.filter((name) => !layers.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `Cannot keep layer ${unknown.join(", ")}: this network has ${layers.join(", ")}`,
    );
  }
  const fixed = tensors.filter(({ name }) => isKept(name, keepLayers))
    .reduce((sum, { size }) => sum + size, 0);
  if (keep <= fixed) {
    throw new UsageError(
      `Cannot keep ${keep} weights: the layers that are never pruned (${keepLayers.join(", ")}) ` +
        `hold ${fixed} already`,
    );
  }
  return fixed;
}

/** Number of prunable weights, and how many of them survive. */
export function countWeights(network: Network): { prunable: number; kept: number } {
  let prunable = 0;
  let kept = 0;
  for (const { parameter } of network.prunable) {
    prunable += parameter.size;
    kept += parameter.kept;
  }
  return { prunable, kept };
}
