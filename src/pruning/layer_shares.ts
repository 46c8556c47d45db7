/**
 * Divides a number of survivors among tensors.
 *
 * @module
 */

/**
 * Splits `total` in proportion to `sizes` into whole numbers that add up to it exactly: the largest
 * remainders are rounded up, ties to the lower index. No share exceeds its size.
 */
export function proportionalShares(sizes: readonly number[], total: number): number[] {
  const sum = sizes.reduce((a, b) => a + b, 0);
  return wholeShares(sizes.map((size) => size * (total / sum)), { total, sizes });
}

/**
 * Rounds `exact` to whole numbers that add up to `total`: the largest remainders are rounded up, ties to
 * the lower index. No share is rounded up beyond its size.
 */
export function wholeShares(
  exact: readonly number[],
  { total, sizes }: { total: number; sizes: readonly number[] },
): number[] {
  const shares = exact.map(Math.floor);
  const byRemainder = exact.map((_, i) => i)
    .sort((a, b) => (exact[b]! - shares[b]!) - (exact[a]! - shares[a]!) || a - b);
  let missing = total - shares.reduce((a, b) => a + b, 0);
  for (const i of byRemainder) {
    if (missing > 0 && shares[i]! < sizes[i]!) {
      shares[i]! += 1;
      missing--;
    }
  }
  return shares;
}
