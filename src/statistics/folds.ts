/**
 * The uncertainty of a difference between two methods in a cross-validation. Each method has K runs, one per
 * fold, with different seeds or with the same seed. Together they score every record once.
 *
 * Fold k gives a difference D_k from its own records, network and training set. The D_k share no record, so
 * their spread includes the effects of the records in the fold, of the seed, and of the training records as
 * far as they differ. The interval is D ± t(K - 1) * sd(D_k) / sqrt(K),
 * with D from the pooled records of all folds.
 *
 * The spread does not include that training sets of two folds overlap, which correlates the D_k. The
 * corrected variance of Nadeau and Bengio (2003), (1 / K + n_test / n_train) * sd², includes it. It was made
 * for random splits and may be too wide for a cross-validation, so it is given as a check: a result that
 * holds with it is safe.
 *
 * @module
 */
import { type Estimate, studentEstimate } from "./estimate.ts";
import { standardDeviation } from "./interval.ts";

/** An interval over folds with its check. */
export interface FoldEstimate extends Estimate {
  /** The 95 % interval by the corrected variance of Nadeau and Bengio. */
  corrected: { low: number; high: number };
}

/**
 * @param difference From all records together.
 * @param options.perFold Differences of at least two folds.
 * @param options.testPerTrain Test records of a fold over its training records.
 */
export function foldEstimate(
  difference: number,
  { perFold, testPerTrain }: { perFold: readonly number[]; testPerTrain: number },
): FoldEstimate {
  const deviation = standardDeviation(perFold);
  if (deviation === null) {
    throw new RangeError(`Expected the differences of at least 2 folds, found ${perFold.length}`);
  }
  const folds = perFold.length;
  const of = (share: number) =>
    studentEstimate(difference, {
      standardError: deviation * Math.sqrt(share),
      degreesOfFreedom: folds - 1,
      source: "folds",
    });
  const { low, high } = of(1 / folds + testPerTrain);
  return { ...of(1 / folds), corrected: { low, high } };
}
