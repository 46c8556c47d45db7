/**
 * Random pruning, the baseline for every criterion.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";

/**
 * Draws `keep` weights uniformly among all surviving weights.
 *
 * @param alive One mask per tensor.
 * @param options.stream Names the draw: equal seed and stream give equal masks.
 */
export function randomMasks(
  alive: readonly Uint8Array[],
  options: { keep: number; seed: number; stream: readonly (string | number)[] },
): Uint8Array[] {
  const rng = createRng(options.seed, ...options.stream);
  const masks = alive.map((mask) => mask.slice());
  let left = masks.reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0);
  let wanted = options.keep;
  // Selection sampling (Knuth, TAOCP vol. 2, algorithm S): each weight is kept with probability wanted/left.
  for (const mask of masks) {
    for (let i = 0; i < mask.length; i++) {
      if (!mask[i]) continue;
      if (rng.integer(left) < wanted) wanted--;
      else mask[i] = 0;
      left--;
    }
  }
  return masks;
}
