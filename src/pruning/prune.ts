/**
 * Pruning a network to an exact number of weights.
 *
 * @module
 */
import type { NativeDevice, NativeParameter } from "../backend/native.ts";
import { UsageError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import type { NamedParameter } from "../model/layers.ts";
import type { ResNet1d } from "../model/resnet1d.ts";
import type { Criterion } from "./criteria.ts";

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
}

/**
 * Prunes until exactly `keep` weights are left, only among those that are alive.
 *
 * @throws {UsageError} If a kept layer does not exist, or the kept layers alone hold more than `keep`.
 */
export function prune(device: NativeDevice, network: ResNet1d, step: PruningStep): void {
  const { selectable, fixed } = selectableTensors(network, step.keepLayers);
  const keep = step.keep - fixed;
  if (keep < 1) {
    throw new UsageError(
      `Cannot keep ${step.keep} weights: the layers that are never pruned ` +
        `(${step.keepLayers.join(", ")}) hold ${fixed} already`,
    );
  }
  const parameters = selectable.map((p) => p.parameter);
  const masks = chooseMasks(device, parameters, { ...step, keep });
  parameters.forEach((parameter, i) => parameter.setMask(masks[i]!));
}

function chooseMasks(
  device: NativeDevice,
  parameters: NativeParameter[],
  step: PruningStep,
): Uint8Array[] {
  switch (step.criterion) {
    case "magnitude":
      return device.selectMagnitude(parameters, step.keep);
    case "layer-magnitude": {
      const shares = proportionalShares(parameters.map((p) => p.kept), step.keep);
      return parameters.flatMap((p, i) => device.selectMagnitude([p], shares[i]!));
    }
    case "random":
      return randomMasks(parameters, step);
  }
}

/** Tensors that may be pruned, and how many weights the others hold. */
function selectableTensors(
  network: ResNet1d,
  keepLayers: readonly string[],
): { selectable: NamedParameter[]; fixed: number } {
  const layers = network.prunable.map((p) => p.name.replace(/\.weight$/, ""));
  const unknown = keepLayers.filter((name) => !layers.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `Cannot keep layer ${unknown.join(", ")}: this network has ${layers.join(", ")}`,
    );
  }
  const isKept = (_: NamedParameter, i: number) => keepLayers.includes(layers[i]!);
  const kept = network.prunable.filter(isKept);
  return {
    selectable: network.prunable.filter((p, i) => !isKept(p, i)),
    fixed: kept.reduce((sum, p) => sum + p.parameter.size, 0),
  };
}

/**
 * Splits `total` in proportion to `sizes` into whole numbers that add up to it exactly: the largest
 * remainders are rounded up, ties to the lower index. No share exceeds its size.
 */
export function proportionalShares(sizes: readonly number[], total: number): number[] {
  const sum = sizes.reduce((a, b) => a + b, 0);
  const exact = sizes.map((size) => size * (total / sum));
  const shares = exact.map(Math.floor);
  const byRemainder = sizes.map((_, i) => i)
    .sort((a, b) => (exact[b]! - shares[b]!) - (exact[a]! - shares[a]!) || a - b);
  let missing = total - shares.reduce((a, b) => a + b, 0);
  for (const i of byRemainder) {
    if (missing > 0 && shares[i]! < sizes[i]!) {
      shares[i]! += 1;
      missing--;
    }
  }
  return shares;
}

/** A uniform draw of `keep` weights among all that are alive. */
function randomMasks(
  parameters: readonly NativeParameter[],
  step: { keep: number; seed: number; round: number },
): Uint8Array[] {
  const rng = createRng(step.seed, "random pruning", step.round);
  const masks = parameters.map((p) => p.readMask());
  let alive = masks.reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0);
  let wanted = step.keep;
  // Selection sampling (Knuth, TAOCP vol. 2, algorithm S): each survivor with probability wanted/alive.
  for (const mask of masks) {
    for (let i = 0; i < mask.length; i++) {
      if (!mask[i]) continue;
      if (rng.integer(alive) < wanted) wanted--;
      else mask[i] = 0;
      alive--;
    }
  }
  return masks;
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
