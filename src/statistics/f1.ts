/**
 * The headline score of a confusion matrix; cells may have any weights.
 *
 * @module
 */

/** A number from the cells [true class * classes + predicted class] of a confusion matrix. */
export type Statistic = (cells: Float64Array) => number;

/**
 * F1 of class c, 2 n_cc / (row c + column c); null if it neither occurs nor is predicted.
 *
 * @param cells The matrix [classes * classes].
 */
export function classF1(
  cells: ArrayLike<number>,
  { classes, c }: { classes: number; c: number },
): number | null {
  let mass = 0;
  for (let other = 0; other < classes; other++) {
    mass += cells[c * classes + other]! + cells[other * classes + c]!;
  }
  return mass === 0 ? null : 2 * cells[c * classes + c]! / mass;
}

/**
 * Mean F1 over the scored classes that have one; 0 if none has.
 *
 * @param classes Number of classes.
 * @param scored Positions of the classes that the mean runs over.
 */
export function macroF1(classes: number, scored: readonly number[]): Statistic {
  return (cells) => {
    let sum = 0;
    let defined = 0;
    for (const c of scored) {
      const f1 = classF1(cells, { classes, c });
      if (f1 === null) continue;
      sum += f1;
      defined++;
    }
    return sum / Math.max(1, defined);
  };
}

/** Score of a network that always predicts the most frequent class, from the records per class. */
export function majorityScore(counts: readonly number[], scored: readonly number[]): number | null {
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (n === 0) return null;
  const most = counts.indexOf(Math.max(...counts));
  const occurring = scored.filter((c) => (counts[c] ?? 0) > 0);
  if (occurring.length === 0) return null;
  const hits = counts[most] ?? 0;
  return occurring.includes(most) ? (2 * hits) / (n + hits) / occurring.length : 0;
}
