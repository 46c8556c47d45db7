/**
 * Means, deviations and quantiles.
 *
 * @module
 */

/** The quantiles alpha/2 and 1 - alpha/2 of `draws`. */
export function percentileLimits(
  draws: Float64Array,
  alpha: number,
): { low: number; high: number } {
  const sorted = Float64Array.from(draws).sort();
  return { low: quantile(sorted, alpha / 2), high: quantile(sorted, 1 - alpha / 2) };
}

/** Quantile of ascending values, linear between neighbours (type 7 of Hyndman and Fan 1996). */
export function quantile(sorted: Float64Array, p: number): number {
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return a === b ? a : a + (at - below) * (b - a);
}

/** Element by element, the mean over `columns`, added in their order. */
export function meanOf(columns: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(columns[0]?.length ?? 0);
  for (const column of columns) {
    for (let i = 0; i < mean.length; i++) mean[i]! += column[i]!;
  }
  for (let i = 0; i < mean.length; i++) mean[i]! /= columns.length;
  return mean;
}

/** Element by element, a - b. */
export function minus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]!);
}

/** Mean of plain numbers, added in their order. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation; null for fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(
    values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1),
  );
}
