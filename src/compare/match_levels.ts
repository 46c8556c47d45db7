/**
 * Pairs the networks of two methods that keep about as many weights.
 *
 * @module
 */

/** Largest factor between the weights of two networks that count as equally dense. */
export const DENSITY_FACTOR = 1.1;

/**
 * Pairs of positions [in a, in b], in the order of `a`. Two levels form a pair if each is the other's nearest
 * (by the ratio of weights kept) and both are within {@linkcode DENSITY_FACTOR}.
 *
 * @param a Weights kept by each level of one method.
 * @param b Weights kept by each level of the other method.
 */
export function matchLevels(a: readonly number[], b: readonly number[]): [number, number][] {
  return a.flatMap((kept, i): [number, number][] => {
    const k = nearest(kept, b);
    if (k < 0 || nearest(b[k]!, a) !== i) return [];
    return distance(kept, b[k]!) <= Math.log(DENSITY_FACTOR) ? [[i, k]] : [];
  });
}

function nearest(kept: number, levels: readonly number[]): number {
  let best = -1;
  levels.forEach((level, i) => {
    if (best < 0 || distance(kept, level) < distance(kept, levels[best]!)) best = i;
  });
  return best;
}

function distance(a: number, b: number): number {
  return a === b ? 0 : Math.abs(Math.log(a / b));
}
