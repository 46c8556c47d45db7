/**
 * Measures how many weights two tickets have in common.
 *
 * @module
 */

/** Two masks of one shape. */
export interface MaskPair {
  readonly name: string;
  readonly a: Uint8Array;
  readonly b: Uint8Array;
}

/** Overlap of one layer, or of all layers together. */
export interface Overlap {
  /** Numbers of survivors: of the first mask, of the second, of both. */
  a: number;
  b: number;
  both: number;
  /** both / either; 1 if neither keeps anything. */
  jaccard: number;
  /** Mean number of survivors that two random masks with these counts share: a * b / size. */
  expectedBoth: number;
  /** The Jaccard index that this number would give. */
  expectedJaccard: number;
}

export interface RoundOverlap {
  /** All layers together. The expected values are for masks that are random within each layer. */
  total: Overlap;
  layers: (Overlap & { name: string })[];
}

/** Compares masks layer by layer. */
export function overlapOf(pairs: readonly MaskPair[]): RoundOverlap {
  const layers = pairs.map(({ name, a, b }) => {
    const counts = { a: 0, b: 0, both: 0 };
    a.forEach((bit, i) => {
      counts.a += bit;
      counts.b += b[i]!;
      counts.both += bit & b[i]!;
    });
    return { name, ...indices(counts, counts.a * counts.b / a.length) };
  });
  const sum = (of: (layer: Overlap) => number) => layers.reduce((n, layer) => n + of(layer), 0);
  const counts = { a: sum(({ a }) => a), b: sum(({ b }) => b), both: sum(({ both }) => both) };
  return { total: indices(counts, sum(({ expectedBoth }) => expectedBoth)), layers };
}

function indices(
  counts: { a: number; b: number; both: number },
  expectedBoth: number,
): Overlap {
  const { a, b, both } = counts;
  const jaccard = (shared: number) => a + b === 0 ? 1 : shared / (a + b - shared);
  return {
    ...counts,
    jaccard: jaccard(both),
    expectedBoth,
    expectedJaccard: jaccard(expectedBoth),
  };
}
