/**
 * The Erdos-Renyi-Kernel rule: the density of each layer of a random sparse network, from shapes alone.
 *
 * @module
 */
import { wholeShares } from "./layer_shares.ts";
import { randomMasks } from "./random.ts";

/** A layer's weight. */
export interface LayerShape {
  /** [Cout, Cin, K] */
  readonly shape: readonly [number, number, number];
}

/**
 * Number of weights to keep in each layer; the sum is `keep`. A layer's density is proportional to
 * (Cout + Cin + K) / (Cout * Cin * K). Layers whose density would exceed 1 are dense, and the others share
 * the rest (Evci et al. 2020, "Rigging the Lottery", section 3).
 *
 * @param layers In any order.
 * @param keep From 0 to the number of weights.
 * @throws {RangeError} If `keep` is outside this range.
 */
export function erkCounts(layers: readonly LayerShape[], keep: number): number[] {
  const sizes = layers.map(({ shape: [out, inner, kernel] }) => out * inner * kernel);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (!Number.isInteger(keep) || keep < 0 || keep > total) {
    throw new RangeError(`Cannot keep ${keep} of ${total} weights: expected 0 to ${total}`);
  }
  // A layer's density is its score times a common factor, so its count is proportional to its number of
  // weights times the score: Cout + Cin + K.
  const widths = layers.map(({ shape: [out, inner, kernel] }) => out + inner + kernel);
  const dense = new Set<number>();
  for (;;) {
    const open = sizes.keys().filter((i) => !dense.has(i)).toArray();
    const left = keep - [...dense].reduce((sum, i) => sum + sizes[i]!, 0);
    const width = open.reduce((sum, i) => sum + widths[i]!, 0);
    const full = open.filter((i) => left * widths[i]! >= width * sizes[i]!);
    if (full.length === 0 || open.length === 0) {
      const shares = wholeShares(open.map((i) => left * widths[i]! / width), {
        total: left,
        sizes: open.map((i) => sizes[i]!),
      });
      return sizes.map((size, i) => dense.has(i) ? size : shares[open.indexOf(i)]!);
    }
    full.forEach((i) => dense.add(i));
  }
}

/**
 * Draws masks with `keep` weights: {@linkcode erkCounts} gives each layer's count, which is drawn uniformly.
 *
 * @param options.stream Names the draw: equal seed and stream give equal masks.
 */
export function erkMasks(
  layers: readonly (LayerShape & { readonly name: string })[],
  options: { keep: number; seed: number; stream: readonly (string | number)[] },
): Uint8Array[] {
  const { keep, seed, stream } = options;
  const counts = erkCounts(layers, keep);
  return layers.map(({ name, shape: [out, inner, kernel] }, i) => {
    const dense = [new Uint8Array(out * inner * kernel).fill(1)];
    return randomMasks(dense, { keep: counts[i]!, seed, stream: [...stream, name] })[0]!;
  });
}
