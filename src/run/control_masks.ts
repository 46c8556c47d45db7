/**
 * Random masks that keep as many weights as a ticket's mask.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import { erkMasks as drawErkMasks, type LayerShape } from "../pruning/erk.ts";
import { randomMasks } from "../pruning/random.ts";

/** The mask of one layer, with the tensor's name. */
export interface NamedMask extends LayerShape {
  readonly name: string;
  readonly mask: Uint8Array;
}

/** Options of a random draw. */
interface DrawOptions {
  readonly seed: number;
  readonly round: number;
  /** Convolutions that are never pruned; they keep all weights. */
  readonly keepLayers: readonly string[];
}

/** Permutes each mask at random; every layer keeps its count. */
export function shuffledMasks(
  masks: readonly NamedMask[],
  options: { seed: number; round: number },
): Uint8Array[] {
  const { seed, round } = options;
  return masks.map(({ name, mask }) =>
    createRng(seed, "shuffled mask", round, name).shuffle(mask.slice())
  );
}

/** Draws the same number of weights uniformly over all layers together. */
export function uniformMasks(masks: readonly NamedMask[], options: DrawOptions): Uint8Array[] {
  const { seed, round } = options;
  return redrawn(masks, options, (drawn, keep) => {
    const dense = drawn.map(({ mask }) => new Uint8Array(mask.length).fill(1));
    return randomMasks(dense, { keep, seed, stream: ["random control", round] });
  });
}

/** Draws the same number of weights, with the density of each layer by its shape; see pruning/erk.ts. */
export function erkMasks(masks: readonly NamedMask[], options: DrawOptions): Uint8Array[] {
  const { seed, round } = options;
  return redrawn(
    masks,
    options,
    (drawn, keep) => drawErkMasks(drawn, { keep, seed, stream: ["ERK control", round] }),
  );
}

/** `masks` with every mask except `keepLayers` replaced by `draw`, which gets them and their count. */
function redrawn(
  masks: readonly NamedMask[],
  { keepLayers }: DrawOptions,
  draw: (drawn: readonly NamedMask[], keep: number) => Uint8Array[],
): Uint8Array[] {
  const drawn = masks.filter(({ name }) => !keepLayers.includes(name.replace(/\.weight$/, "")));
  const chosen = draw(drawn, drawn.reduce((sum, { mask }) => sum + keptIn(mask), 0));
  return masks.map((named) => {
    const at = drawn.indexOf(named);
    return at < 0 ? named.mask : chosen[at]!;
  });
}

function keptIn(mask: Uint8Array): number {
  return mask.reduce((sum, bit) => sum + bit, 0);
}
