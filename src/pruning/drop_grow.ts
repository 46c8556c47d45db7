/**
 * The change of a layer's mask in dynamic sparse training: the smallest weights are dropped, and as many
 * others grow (Mocanu et al. 2018; Evci et al. 2020, section 3).
 *
 * @module
 */
import { selectHighest } from "./select.ts";

/**
 * Drops the smallest weights of a layer and grows as many. A weight that was just dropped can grow again;
 * it then keeps its value, because nothing has changed for it.
 *
 * @param layer.mask The present mask, with weights of the same size.
 * @param share Share of the surviving weights that are dropped, at least 0 and less than 1, rounded down to
 *   whole weights. Of equal magnitudes, the ones with the higher index are dropped.
 * @param grow Chooses `count` of the places where `open` is 1.
 * @returns A mask with as many survivors as before.
 */
export function dropAndGrow(
  { mask, weights }: { mask: Uint8Array; weights: Float32Array },
  share: number,
  grow: (open: Uint8Array, count: number) => Uint8Array,
): Uint8Array {
  const alive = mask.reduce((sum, bit) => sum + bit, 0);
  const count = Math.floor(alive * share);
  if (count === 0) return mask.slice();
  const magnitudes = Float64Array.from(weights, Math.abs);
  const [kept] = selectHighest([magnitudes], { alive: [mask], keep: alive - count });
  const grown = grow(kept!.map((bit) => 1 - bit), count);
  return kept!.map((bit, i) => bit | grown[i]!);
}
