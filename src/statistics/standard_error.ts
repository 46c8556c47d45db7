/**
 * The standard error of a mean of F1 scores over random draws of the records.
 *
 * @module
 */

/** Half the width of a 95 % interval, in standard errors. */
export const NORMAL_95 = 1.96;

/**
 * Standard error of the mean F1 over `scored` classes, by the delta method: the cells of the
 * confusion matrix are taken as one multinomial draw of n records with p = counts / n, and
 *
 *     Var(score) = (1/n) * sum_ij p_ij g_ij^2,   g = d score / d p   (sum_ij p_ij g_ij = 0),
 *     F1_c = 2 p_cc / (row_c + column_c).
 *
 * A class that neither occurs nor is predicted has no F1 and is left out of the mean.
 *
 * @param confusion Records by [true class][predicted class].
 * @param scored Positions of the classes that the score averages.
 * @returns null if it cannot be estimated: no record, no scored class, or a matrix in which no redraw
 * changes the score (all right, or all wrong), because a standard error of 0 would suggest certainty.
 */
export function scoreStandardError(
  confusion: readonly (readonly number[])[],
  scored: readonly number[],
): number | null {
  const n = sum(confusion.map(sum));
  const row = confusion.map(sum);
  const column = confusion.map((_, c) => sum(confusion.map((counts) => counts[c] ?? 0)));
  const mass = (c: number) => ((row[c] ?? 0) + (column[c] ?? 0)) / n;
  const defined = scored.filter((c) => mass(c) > 0);
  if (!(n > 0) || defined.length === 0) return null;

  const gradient = (i: number, j: number): number => {
    let total = 0;
    for (const c of defined) {
      const hits = (confusion[c]?.[c] ?? 0) / n;
      const touched = (i === c ? 1 : 0) + (j === c ? 1 : 0);
      total += (i === c && j === c ? 2 : 0) / mass(c) - (2 * hits * touched) / mass(c) ** 2;
    }
    return total / defined.length;
  };
  let variance = 0;
  confusion.forEach((counts, i) =>
    counts.forEach((count, j) => {
      if (count > 0) variance += (count / n) * gradient(i, j) ** 2;
    })
  );
  const error = Math.sqrt(variance / n);
  return error > 1e-12 ? error : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
