/**
 * The residual network's hop, for those that do not walk its graph yet.
 *
 * @module
 */

/** Samples per prediction: the product of the strides. */
export function hopOf({ blocks }: { readonly blocks: number }): number {
  return 2 ** Math.floor(blocks / 2);
}
