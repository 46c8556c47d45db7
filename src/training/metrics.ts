/**
 * From logits to record labels to scores.
 *
 * @module
 */
/** Scores of one network on one split. Fractions are 0..1. */
export interface Scores {
  /** Records scored. */
  records: number;
  /** Mean cross-entropy per step. */
  loss: number;
  /** Fraction of records whose label was right. */
  accuracy: number;
  /** F1 per class, by class name; null where the class neither occurs nor is predicted. */
  f1: Record<string, number | null>;
  /** The headline: mean F1 over the classes that `Summary.metric` names. */
  score: number;
  /** confusion[true class][predicted class], in the order of `Summary.classes`. */
  confusion: number[][];
}

/** Which classes the headline score averages, and what it is called. */
export interface Metric {
  readonly name: string;
  readonly classes: readonly string[];
}

/**
 * CinC F1 (Clifford et al. 2017) is the mean F1 of N, A and O, noise counting only through the
 * confusion matrix; data with other classes gets the mean over all of them.
 */
export function metricFor(classes: readonly string[]): Metric {
  const cinc = ["A", "N", "O"];
  if (classes.length === 4 && [...cinc, "~"].every((name) => classes.includes(name))) {
    return { name: "CinC F1", classes: cinc };
  }
  return { name: "macro F1", classes };
}

/**
 * Class priors of the training steps, smoothed as in awni/ecg: (count + 500) / (total + classes).
 *
 * @param stepCounts Training steps per class.
 */
export function smoothedPriors(stepCounts: readonly number[]): Float64Array {
  const total = stepCounts.reduce((sum, count) => sum + count, 0);
  return Float64Array.from(stepCounts, (count) => (count + 500) / (total + stepCounts.length));
}

/** One record's label and mean cross-entropy. */
export interface Prediction {
  label: number;
  /** Mean over its steps of -log softmax[truth]. */
  loss: number;
  steps: number;
}

/**
 * The prior-corrected vote: each step votes for the class with the largest softmax / prior, the class
 * with most votes wins, ties go to the larger sum of softmax / prior.
 *
 * @param logits [classes, T] of one record, row major with row length `rowLength`.
 * @param options.steps How many leading steps are the record's own; later ones are padding.
 */
export function predictRecord(
  logits: Float32Array,
  options: { rowLength: number; steps: number; priors: Float64Array; truth: number },
): Prediction {
  const { rowLength, steps, priors, truth } = options;
  const classes = priors.length;
  const votes = new Float64Array(classes);
  const weight = new Float64Array(classes);
  const corrected = new Float64Array(classes);
  let loss = 0;
  for (let t = 0; t < steps; t++) {
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[c * rowLength + t]!);
    let total = 0;
    for (let c = 0; c < classes; c++) total += Math.exp(logits[c * rowLength + t]! - largest);
    loss += Math.log(total) + largest - logits[truth * rowLength + t]!;
    let best = 0;
    for (let c = 0; c < classes; c++) {
      corrected[c] = Math.exp(logits[c * rowLength + t]! - largest) / total / priors[c]!;
      weight[c]! += corrected[c]!;
      if (corrected[c]! > corrected[best]!) best = c;
    }
    votes[best]! += 1;
  }
  let label = 0;
  for (let c = 1; c < classes; c++) {
    if (votes[c]! > votes[label]! || (votes[c] === votes[label] && weight[c]! > weight[label]!)) {
      label = c;
    }
  }
  return { label, loss: steps > 0 ? loss / steps : 0, steps };
}

/**
 * Scores of a set of records. F1 of class c is 2 n_cc / (row c + column c) of the confusion matrix.
 *
 * @param predictions In the order of `truths`.
 */
export function scoresOf(
  predictions: readonly Prediction[],
  options: { truths: ArrayLike<number>; classes: readonly string[]; metric: Metric },
): Scores {
  const { truths, classes, metric } = options;
  const confusion = classes.map(() => classes.map(() => 0));
  let loss = 0;
  let steps = 0;
  predictions.forEach((prediction, i) => {
    confusion[truths[i]!]![prediction.label]! += 1;
    loss += prediction.loss * prediction.steps;
    steps += prediction.steps;
  });
  const f1 = Object.fromEntries(classes.map((name, c) => [name, f1Of(confusion, c)]));
  const averaged = metric.classes.map((name) => f1[name]).filter((x) => typeof x === "number");
  const right = confusion.reduce((sum, row, c) => sum + row[c]!, 0);
  return {
    records: predictions.length,
    loss: steps > 0 ? loss / steps : 0,
    accuracy: predictions.length > 0 ? right / predictions.length : 0,
    f1,
    score: averaged.reduce((sum, x) => sum + x, 0) / Math.max(1, averaged.length),
    confusion,
  };
}

function f1Of(confusion: readonly (readonly number[])[], c: number): number | null {
  const row = confusion[c]!.reduce((sum, n) => sum + n, 0);
  const column = confusion.reduce((sum, r) => sum + r[c]!, 0);
  return row + column === 0 ? null : 2 * confusion[c]![c]! / (row + column);
}
