/**
 * Computes scores from record labels; decision.ts makes the labels.
 *
 * @module
 */
import { classF1, macroF1 } from "../statistics/f1.ts";
import type { Calibration } from "./calibration.ts";
import type { Prediction } from "./decision.ts";

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
  /** Calibration of probabilities; only finished rounds have it, older runs lack it. */
  calibration?: Calibration;
}

/** The classes that the headline score averages, and its name. */
export interface Metric {
  readonly name: string;
  readonly classes: readonly string[];
}

/**
 * CinC F1 (Clifford et al. 2017) is the mean F1 of N, A and O; noise counts only through the confusion
 * matrix. Data with other classes use the mean over all classes.
 */
export function metricFor(classes: readonly string[]): Metric {
  const cinc = ["A", "N", "O"];
  if (classes.length === 4 && [...cinc, "~"].every((name) => classes.includes(name))) {
    return { name: "CinC F1", classes: cinc };
  }
  return { name: "macro F1", classes };
}

/**
 * Scores of a set of records.
 *
 * @param predictions In the order of `truths`.
 */
export function scoresOf(
  predictions: readonly Pick<Prediction, "label" | "loss" | "steps">[],
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
  const cells = Float64Array.from(confusion.flat());
  const scored = metric.classes.map((name) => classes.indexOf(name));
  const f1 = Object.fromEntries(
    classes.map((name, c) => [name, classF1(cells, { classes: classes.length, c })]),
  );
  const right = confusion.reduce((sum, row, c) => sum + row[c]!, 0);
  return {
    records: predictions.length,
    loss: steps > 0 ? loss / steps : 0,
    accuracy: predictions.length > 0 ? right / predictions.length : 0,
    f1,
    score: macroF1(classes.length, scored)(cells),
    confusion,
  };
}
