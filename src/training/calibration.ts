/**
 * Calibration of a record's probabilities. They are the mean over its steps of softmax(logits / T), with
 * one temperature T for the network (Guo et al. 2017, "On calibration of modern neural networks", section
 * 4.2), fitted on dev.
 *
 * @module
 */
import { softmaxOfStep } from "./softmax.ts";

/** A network's logits for a record, step by step. */
export interface RecordLogits {
  /** [classes, steps], row major. */
  readonly values: Float32Array;
  readonly steps: number;
}

/** Equal-width bins of the largest probability. */
const BINS = 15;

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  records: number;
  /** Mean of the largest probability; null without records. */
  confidence: number | null;
  /** Share of the records whose most probable class is the true one; null without records. */
  accuracy: number | null;
}

/** How well probabilities fit the true classes of one split. For every figure, lower is better. */
export interface Reliability {
  /**
   * Expected calibration error (Guo et al. 2017, equation 3): mean over {@linkcode BINS} bins, weighted
   * by records, of |accuracy - confidence|.
   */
  calibrationError: number;
  /** Mean of the sum over classes of (probability - truth)^2 (Brier 1950): 0 to 2. */
  brier: number;
  /** Mean of -log of the true class's probability. */
  negativeLogLikelihood: number;
}

/** Calibration on one split, with the temperature that was fitted on dev. */
export interface Calibration extends Reliability {
  temperature: number;
  bins: ReliabilityBin[];
  /** The same at temperature 1. */
  uncalibrated: Reliability;
}

/** Mean over the steps of softmax(logits / temperature), by class. */
export function probabilitiesOf(
  { values, steps }: RecordLogits,
  { classes, temperature }: { classes: number; temperature: number },
): number[] {
  const softmax = new Float64Array(classes);
  const sums = new Float64Array(classes);
  for (let step = 0; step < steps; step++) {
    softmaxOfStep(values, { rowLength: steps, step, temperature }, softmax);
    for (let c = 0; c < classes; c++) sums[c]! += softmax[c]!;
  }
  return Array.from(sums, (sum) => sum / steps);
}

/** Smallest probability in logarithms: a probability of 0 would make the mean infinite. */
const LEAST = 1e-300;

function negativeLogLikelihood(
  probabilities: readonly (readonly number[])[],
  truths: ArrayLike<number>,
): number {
  const sum = probabilities.reduce(
    (all, each, i) => all - Math.log(Math.max(LEAST, each[truths[i]!]!)),
    0,
  );
  return sum / probabilities.length;
}

/** The range in which temperatures are searched. */
export const TEMPERATURES = { least: 0.1, most: 10 } as const;
const GRID = 40;
const REFINEMENTS = 30;

/**
 * The temperature with the smallest negative log-likelihood of the records' probabilities. It is the best
 * point of a grid in log T, refined by golden-section search. The same records give the same bits.
 *
 * @param truths Class of each record.
 */
export function fitTemperature(
  records: readonly RecordLogits[],
  { truths, classes }: { truths: ArrayLike<number>; classes: number },
): number {
  const cost = (log: number) => {
    const temperature = Math.exp(log);
    return negativeLogLikelihood(
      records.map((record) => probabilitiesOf(record, { classes, temperature })),
      truths,
    );
  };
  const [low, high] = [Math.log(TEMPERATURES.least), Math.log(TEMPERATURES.most)];
  const at = (i: number) => low + (high - low) * i / GRID;
  const costs = Array.from({ length: GRID + 1 }, (_, i) => cost(at(i)));
  const best = costs.reduce((least, each, i) => each < costs[least]! ? i : least, 0);
  const log = goldenSection(cost, [at(Math.max(0, best - 1)), at(Math.min(GRID, best + 1))]);
  return Math.exp(log);
}

/** Golden-section search for a minimum in `[a, b]`: the middle of the final interval. */
function goldenSection(cost: (x: number) => number, [a, b]: [number, number]): number {
  const share = (Math.sqrt(5) - 1) / 2;
  let [left, right] = [b - share * (b - a), a + share * (b - a)];
  let [atLeft, atRight] = [cost(left), cost(right)];
  for (let i = 0; i < REFINEMENTS; i++) {
    if (atLeft <= atRight) {
      [b, right, atRight] = [right, left, atLeft];
      left = b - share * (b - a);
      atLeft = cost(left);
    } else {
      [a, left, atLeft] = [left, right, atRight];
      right = a + share * (b - a);
      atRight = cost(right);
    }
  }
  return (a + b) / 2;
}

/** @param probabilities By record and class. */
export function reliabilityOf(
  probabilities: readonly (readonly number[])[],
  truths: ArrayLike<number>,
): Reliability & { bins: ReliabilityBin[] } {
  const bins = Array.from({ length: BINS }, () => ({ records: 0, confidence: 0, right: 0 }));
  let brier = 0;
  probabilities.forEach((each, i) => {
    const top = each.reduce((best, p, c) => p > each[best]! ? c : best, 0);
    // A bin holds its upper end, as in Guo et al.
    const bin = bins[Math.min(BINS, Math.max(1, Math.ceil(each[top]! * BINS))) - 1]!;
    bin.records += 1;
    bin.confidence += each[top]!;
    if (top === truths[i]) bin.right += 1;
    each.forEach((p, c) => brier += (p - (c === truths[i] ? 1 : 0)) ** 2);
  });
  const { length } = probabilities;
  const gaps = bins.map(({ confidence, right }) => Math.abs(right - confidence));
  return {
    calibrationError: gaps.reduce((sum, gap) => sum + gap, 0) / length,
    brier: brier / length,
    negativeLogLikelihood: negativeLogLikelihood(probabilities, truths),
    bins: bins.map(({ records, confidence, right }) => ({
      records,
      confidence: records > 0 ? confidence / records : null,
      accuracy: records > 0 ? right / records : null,
    })),
  };
}

/** How well a network's probabilities at `temperature` fit, and at 1. */
export function calibrationOf(
  records: readonly RecordLogits[],
  { truths, classes, temperature }: {
    truths: ArrayLike<number>;
    classes: number;
    temperature: number;
  },
): Calibration {
  const at = (temperature: number) =>
    reliabilityOf(
      records.map((record) => probabilitiesOf(record, { classes, temperature })),
      truths,
    );
  const { bins: _bins, ...uncalibrated } = at(1);
  return { temperature, ...at(temperature), uncalibrated };
}
