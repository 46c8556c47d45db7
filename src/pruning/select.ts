/**
 * Selects weights by any score.
 *
 * @module
 */
import { Failure } from "../core/errors.ts";

/**
 * Keeps exactly `keep` surviving weights over all tensors together: the highest scores, ties to the lower
 * (tensor, flat index). Scores are compared in float64.
 *
 * @param scores One array per tensor; scores of pruned weights are ignored.
 * @param options.alive Masks of the same sizes.
 * @param options.keep From 1 to the number of surviving weights.
 * @returns One mask per tensor, 1 keep, 0 pruned.
 * @throws {Failure} If a score is not a number.
 */
export function selectHighest(
  scores: readonly Float64Array[],
  options: { alive: readonly Uint8Array[]; keep: number },
): Uint8Array[] {
  const { alive, keep } = options;
  const threshold = keepThreshold(scores, { alive, keep });
  // All scores above the threshold survive; of those equal to it, only as many as still fit.
  let room = keep;
  scores.forEach((tensor, t) => {
    const mask = alive[t]!;
    for (let i = 0; i < tensor.length; i++) {
      if (mask[i] && tensor[i]! > threshold) room--;
    }
  });
  return scores.map((tensor, t) => {
    const mask = alive[t]!;
    const survivors = new Uint8Array(tensor.length);
    for (let i = 0; i < tensor.length; i++) {
      const score = tensor[i]!;
      if (!mask[i] || score < threshold) continue;
      if (score > threshold || room-- > 0) survivors[i] = 1;
    }
    return survivors;
  });
}

/** Leading bits of a float64 that select a bin: at least sign and exponent, at most 8 of the fraction besides. */
const [FEWEST_BITS, MOST_BITS] = [12, 20];

/** The score of rank `keep`. A histogram finds its bin, and only that bin is sorted. */
function keepThreshold(
  scores: readonly Float64Array[],
  { alive, keep }: { alive: readonly Uint8Array[]; keep: number },
): number {
  // About as many bins as scores: fewer would need longer to sort, more to search.
  const size = scores.reduce((sum, tensor) => sum + tensor.length, 0);
  const bits = Math.min(MOST_BITS, Math.max(FEWEST_BITS, Math.ceil(Math.log2(size))));
  const bins = new Uint32Array(2 ** bits);
  let count = 0;
  const each = (visit: (score: number, bin: number) => void) =>
    eachAlive(scores, { alive, bits }, visit);
  each((score, bin) => {
    if (Number.isNaN(score)) throw new Failure("Cannot select weights: a score is not a number");
    bins[bin]! += 1;
    count++;
  });
  if (!(keep >= 1 && keep <= count)) {
    throw new RangeError(`Cannot keep ${keep} of ${count} weights`);
  }
  let bin = bins.length - 1;
  let above = 0;
  for (; above + bins[bin]! < keep; bin--) above += bins[bin]!;
  const candidates = new Float64Array(bins[bin]!);
  let filled = 0;
  each((score, other) => {
    if (other === bin) candidates[filled++] = score;
  });
  return candidates.sort().at(above - keep)!;
}

/** Calls `visit` with the score and the bin of every surviving weight; bins have the order of scores. */
function eachAlive(
  scores: readonly Float64Array[],
  { alive, bits }: { alive: readonly Uint8Array[]; bits: number },
  visit: (score: number, bin: number) => void,
): void {
  const shift = 32 - bits;
  scores.forEach((tensor, t) => {
    const mask = alive[t]!;
    // The upper half of every float64; all supported processors put it second.
    const words = new Int32Array(tensor.buffer, tensor.byteOffset, 2 * tensor.length);
    for (let i = 0; i < tensor.length; i++) {
      if (!mask[i]) continue;
      const word = words[2 * i + 1]!;
      // Among negative numbers, a larger bit pattern is a smaller number.
      visit(tensor[i]!, (word < 0 ? ~word : word ^ -0x80000000) >>> shift);
    }
  });
}
