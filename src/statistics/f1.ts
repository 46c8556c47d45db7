/**
 * The headline score from a confusion matrix whose cells may carry any weight.
 *
 * @module
 */

/** A number from the cells [true class * classes + predicted class] of a confusion matrix. */
export type Statistic = (cells: Float64Array) => number;

/**
 * Mean F1 over the scored classes, as in training: F1 of class c is 2 n_cc / (row c + column c), and a
 * class that neither occurs nor is predicted has none and is left out of the mean; 0 if that is all.
 *
 * @param classes Number of classes.
 * @param scored Positions of the classes that the mean runs over.
 */
export function macroF1(classes: number, scored: readonly number[]): Statistic {
  return (cells) => {
    let sum = 0;
    let defined = 0;
    for (const c of scored) {
      let mass = 0;
      for (let other = 0; other < classes; other++) {
        mass += cells[c * classes + other]! + cells[other * classes + c]!;
      }
      if (mass === 0) continue;
      sum += 2 * cells[c * classes + c]! / mass;
      defined++;
    }
    return sum / Math.max(1, defined);
  };
}

/** Score of a network that always names the most frequent class, from the records per class. */
export function majorityScore(counts: readonly number[], scored: readonly number[]): number | null {
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (n === 0) return null;
  const most = counts.indexOf(Math.max(...counts));
  const occurring = scored.filter((c) => (counts[c] ?? 0) > 0);
  if (occurring.length === 0) return null;
  const hits = counts[most] ?? 0;
  return occurring.includes(most) ? (2 * hits) / (n + hits) / occurring.length : 0;
}
