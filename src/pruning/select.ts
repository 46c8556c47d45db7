/**
 * Selection of weights by any score.
 *
 * @module
 */
import { Failure } from "../core/errors.ts";

/**
 * Exactly `keep` survivors over all tensors together, the highest scores first, ties to the lower
 * (tensor, flat index), only among those alive. Scores are compared as they are, in float64.
 *
 * @param scores One array per tensor; scores of pruned weights are not looked at.
 * @param options.alive Masks of the same sizes.
 * @param options.keep 1 to the number of weights alive.
 * @returns One mask per tensor, 1 keep, 0 pruned.
 * @throws {Failure} If a score is not a number.
 */
export function selectHighest(
  scores: readonly Float64Array[],
  options: { alive: readonly Uint8Array[]; keep: number },
): Uint8Array[] {
  const { alive, keep } = options;
  const candidates = new Float64Array(
    alive.reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0),
  );
  let count = 0;
  scores.forEach((tensor, t) => {
    tensor.forEach((score, i) => {
      if (alive[t]![i]) candidates[count++] = score;
    });
  });
  if (candidates.some(Number.isNaN)) {
    throw new Failure("Cannot select weights: a score is not a number");
  }
  if (!(keep >= 1 && keep <= count)) {
    throw new RangeError(`Cannot keep ${keep} of ${count} weights`);
  }
  const threshold = candidates.sort()[count - keep]!;
  // Above the threshold all survive, at it only as many as there is room for.
  let room = keep;
  for (let i = count - 1; candidates[i]! > threshold; i--) room--;
  return scores.map((tensor, t) =>
    Uint8Array.from(tensor, (score, i) => {
      if (!alive[t]![i] || score < threshold) return 0;
      return score > threshold || room-- > 0 ? 1 : 0;
    })
  );
}
