/**
 * The masks with which steps are timed: uniform ones, those of a global magnitude selection, and those of
 * a finished run.
 *
 * @module
 */
import { createRng } from "../src/core/rng.ts";
import type { Network } from "../src/model/network.ts";
import { countWeights } from "../src/pruning/prune.ts";
import { resetMasks, restoreSnapshot, type Snapshot } from "../src/training/snapshot.ts";
import type { Workbench } from "../src/training/workbench.ts";

/** A source of masks. */
export interface MaskSource {
  readonly kind: "uniform" | "magnitude" | "run";
  /** Description for the head of a table. */
  readonly description: string;
  /** Masks the network so that about this share of its prunable weights survives. */
  apply(bench: Workbench, density: number): void;
}

/** Uniform masks: each weight survives with the same probability. */
export function uniformMasks(weights: Snapshot): MaskSource {
  return {
    kind: "uniform",
    description: "uniform masks",
    apply(bench, density) {
      unmask(bench.network, weights);
      if (density === 1) return;
      const rng = createRng(1, "bench mask", density);
      for (const { parameter } of bench.network.prunable) {
        const mask = new Uint8Array(parameter.size);
        for (let i = 0; i < mask.length; i++) mask[i] = +(rng.next() < density);
        parameter.setMask(mask);
      }
    },
  };
}

/** Masks of the largest weights over all layers together, with exactly the requested share. */
export function magnitudeMasks(weights: Snapshot, origin: string): MaskSource {
  return {
    kind: "magnitude",
    description: `masks of a global magnitude selection (${origin})`,
    apply(bench, density) {
      unmask(bench.network, weights);
      if (density < 1) keepLargest(bench, Math.round(density * countWeights(bench.network).kept));
    },
  };
}

/** Keeps only the `keep` largest surviving weights. Returns the milliseconds of selection and masking. */
export function keepLargest(bench: Workbench, keep: number): { select: number; mask: number } {
  const parameters = bench.network.prunable.map(({ parameter }) => parameter);
  const started = performance.now();
  const masks = bench.device.selectMagnitude(parameters, keep);
  const selected = performance.now();
  parameters.forEach((parameter, i) => parameter.setMask(masks[i]!));
  return { select: selected - started, mask: performance.now() - selected };
}

/** Prunes surviving weights at random; returns the milliseconds like {@linkcode keepLargest}. */
export function keepAtRandom(bench: Workbench, keep: number): { select: number; mask: number } {
  const started = performance.now();
  const { kept } = countWeights(bench.network);
  const rng = createRng(keep, "bench schedule");
  const masks = bench.network.prunable.map(({ parameter }) =>
    parameter.readMask().map((alive) => alive & +(rng.next() < keep / kept))
  );
  const selected = performance.now();
  bench.network.prunable.forEach(({ parameter }, i) => parameter.setMask(masks[i]!));
  return { select: selected - started, mask: performance.now() - selected };
}

/** Makes the network dense, with these weights. */
export function unmask(network: Network, weights: Snapshot): void {
  resetMasks(network);
  restoreSnapshot(network, weights);
}

/** Density of each prunable tensor by name, in order. */
export function layerDensities(network: Network): Map<string, number> {
  return new Map(
    network.prunable.map(({ name, parameter }) => [name, parameter.kept / parameter.size]),
  );
}
