/**
 * Pruning a network to an exact number of weights.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { NamedParameter } from "../model/layers.ts";
import type { ResNet1d } from "../model/resnet1d.ts";
import { restoreMasks, type Snapshot } from "../training/snapshot.ts";
import type { Workbench } from "../training/workbench.ts";
import type { Criterion } from "./criteria.ts";
import { graspScores } from "./grasp.ts";
import { proportionalShares } from "./layer_shares.ts";
import { randomMasks } from "./random.ts";
import { selectHighest } from "./select.ts";
import { snipScores } from "./snip.ts";
import { synflowKeeps, synflowScores } from "./synflow.ts";

/** What a pruning step is to do. */
export interface PruningStep {
  readonly criterion: Criterion;
  /** Prunable weights to keep, those of the kept layers included. */
  readonly keep: number;
  /** Convolutions that are not touched, by name. */
  readonly keepLayers: readonly string[];
  /** Of the run, for random pruning. */
  readonly seed: number;
  readonly round: number;
  /** The masks of the round before; null where all weights are alive. */
  readonly alive: Snapshot | null;
}

/** Criteria that score the dense network, whatever is alive: every round cuts the same ranking. */
const DENSE_SCORES: Partial<Record<Criterion, (bench: Workbench) => Promise<Float64Array[]>>> = {
  snip: snipScores,
  grasp: graspScores,
};

/**
 * Prunes until exactly `keep` weights are left, only among those that are alive.
 *
 * @param bench Its network holds the weights to judge, with dense masks.
 * @throws {UsageError} If a kept layer does not exist, or the kept layers alone hold more than `keep`.
 */
export async function prune(bench: Workbench, step: PruningStep): Promise<void> {
  const { network } = bench;
  const sizes = network.prunable.map(({ name, parameter: { size } }) => ({ name, size }));
  const fixed = refuseKeepLayers(sizes, step);
  const selectable = network.prunable.filter(({ name }) => !isKept(name, step.keepLayers));
  const keep = step.keep - fixed;
  const scores = await DENSE_SCORES[step.criterion]?.(bench);
  if (step.alive) restoreMasks(network, step.alive);
  if (scores) {
    applyHighest(network, { selectable, scores, keep });
  } else if (step.criterion === "synflow") {
    const alive = selectable.reduce((sum, { parameter }) => sum + parameter.kept, 0);
    for (const next of synflowKeeps(alive, keep)) {
      applyHighest(network, { selectable, scores: synflowScores(network), keep: next });
    }
  } else {
    const masks = chooseMasks(bench, selectable, { ...step, keep });
    selectable.forEach(({ parameter }, i) => parameter.setMask(masks[i]!));
  }
}

/** @param options.scores Of all prunable tensors. */
function applyHighest(
  network: ResNet1d,
  options: { selectable: readonly NamedParameter[]; scores: Float64Array[]; keep: number },
): void {
  const { selectable, scores, keep } = options;
  const names = selectable.map(({ name }) => name);
  const masks = selectHighest(
    scores.filter((_, t) => names.includes(network.prunable[t]!.name)),
    { alive: selectable.map(({ parameter }) => parameter.readMask()), keep },
  );
  selectable.forEach(({ parameter }, i) => parameter.setMask(masks[i]!));
}

function chooseMasks(
  { device }: Workbench,
  selectable: readonly NamedParameter[],
  step: PruningStep,
): Uint8Array[] {
  const parameters = selectable.map(({ parameter }) => parameter);
  switch (step.criterion) {
    case "layer-magnitude": {
      const shares = proportionalShares(parameters.map((p) => p.kept), step.keep);
      return parameters.flatMap((p, i) => device.selectMagnitude([p], shares[i]!));
    }
    case "random":
      return randomMasks(parameters.map((p) => p.readMask()), {
        keep: step.keep,
        seed: step.seed,
        stream: ["random pruning", step.round],
      });
    default:
      return device.selectMagnitude(parameters, step.keep);
  }
}

function isKept(tensor: string, keepLayers: readonly string[]): boolean {
  return keepLayers.includes(layerOf(tensor));
}

function layerOf(tensor: string): string {
  return tensor.replace(/\.weight$/, "");
}

/**
 * Checks layers that are never pruned against a network's prunable tensors.
 *
 * @param step.keep Weights to keep in all.
 * @returns How many weights the kept layers hold.
 * @throws {UsageError} If one does not exist, or together they leave no weight to choose.
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

/** Prunable weights and how many of them are alive. */
export function countWeights(network: ResNet1d): { prunable: number; kept: number } {
  let prunable = 0;
  let kept = 0;
  for (const { parameter } of network.prunable) {
    prunable += parameter.size;
    kept += parameter.kept;
  }
  return { prunable, kept };
}
