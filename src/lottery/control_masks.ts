/**
 * Masks that keep as much as a ticket's, elsewhere.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import { randomMasks } from "../pruning/random.ts";

/** One layer's mask by the tensor's name. */
export interface NamedMask {
  readonly name: string;
  readonly mask: Uint8Array;
}

/** Each mask in a random order of its own: every layer keeps its count. */
export function shuffledMasks(
  masks: readonly NamedMask[],
  options: { seed: number; round: number },
): Uint8Array[] {
  const { seed, round } = options;
  return masks.map(({ name, mask }) =>
    createRng(seed, "shuffled mask", round, name).shuffle(mask.slice())
  );
}

/**
 * As many weights over all layers together, drawn uniformly.
 *
 * @param options.keepLayers Convolutions that are never pruned keep all.
 */
export function uniformMasks(
  masks: readonly NamedMask[],
  options: { seed: number; round: number; keepLayers: readonly string[] },
): Uint8Array[] {
  const { seed, round, keepLayers } = options;
  const drawn = masks.filter(({ name }) => !keepLayers.includes(name.replace(/\.weight$/, "")));
  const keep = drawn.reduce((sum, { mask }) => sum + mask.reduce((a, b) => a + b, 0), 0);
  const dense = drawn.map(({ mask }) => new Uint8Array(mask.length).fill(1));
  const chosen = randomMasks(dense, { keep, seed, stream: ["random control", round] });
  return masks.map((named) => {
    const at = drawn.indexOf(named);
    return at < 0 ? named.mask : chosen[at]!;
  });
}
