/**
 * The memory in which the kernels of a device keep masks and weights in the order in which they read them. Sums of
 * what native/cpu and native/cuda allocate, rounded up.
 *
 * @module
 */
import type { Network } from "../model/network.ts";

/**
 * CPU, bytes per surviving weight: its column in the pattern 4, its places in the two passes 2 x 8. A layer that
 * keeps 0.8 of its weights or more lists the pruned ones as well: 4 bytes each, at most a quarter as many.
 */
const CPU_SURVIVOR = 4 + 2 * 8 + 1;
/** CPU, bytes per surviving weight of one layer: values and offsets. All layers use this memory in turn. */
const CPU_ENTRY = 4 + 4;
/** CPU, bytes per weight of one layer, packed for a dense pass. All layers use this memory in turn. */
const CPU_PACKED = 4;
/** A layer's packed rows are filled up to a multiple of so many, in either direction. */
const ROWS = 8;
/** Bytes per weight of a layer that has a mask. */
const MASK = 1;

/** CUDA, bytes per weight: packed for the two dense passes. Each layer keeps its own. */
const CUDA_PACKED = 2 * 4;
/** CUDA, bytes per surviving weight for dense kernels: two places for the weight gradient, one for the optimiser. */
const CUDA_PLACES = 3 * 4;
/** CUDA, bytes per surviving weight for sparse kernels: entries of two passes and of the gradient, a place as above. */
const CUDA_SURVIVOR = 3 * (8 + 4) + 4;

/**
 * The bytes that the kernels of `network` need beside values, gradients and moments, an upper bound.
 *
 * @param kept Surviving prunable weights.
 */
export function kernelBytes(
  network: Pick<Network, "prunable">,
  { kept, device }: { kept: number; device: string },
): number {
  const shapes = network.prunable.map(({ parameter: { shape } }) => shape as Shape);
  const total = sum(shapes.map(([out, input, kernel]) => out * input * kernel));
  const isPruned = kept < total;
  if (device !== "cpu") {
    // Any layer runs on dense or on sparse kernels, whichever were faster.
    return Math.max(
      CUDA_PACKED * total + (isPruned ? CUDA_PLACES * kept : 0),
      CUDA_SURVIVOR * kept,
    );
  }
  const largest = Math.max(
    ...shapes.map(([out, input, kernel]) => filled(out) * filled(input) * kernel),
  );
  // A global mask may prune nothing of a layer, which then runs on the dense kernel.
  const dense = CPU_PACKED * largest;
  if (!isPruned) return dense;
  return dense + CPU_ENTRY * Math.min(kept, largest) + CPU_SURVIVOR * kept + MASK * total;
}

/** [Cout, Cin, K] */
type Shape = readonly [number, number, number];

function filled(rows: number): number {
  return ROWS * Math.ceil(rows / ROWS);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
