/**
 * Scores of a finished round: labels by the run's decision rule, and probabilities at the temperature that
 * was fitted on dev.
 *
 * @module
 */
import type { SplitPredictions } from "./predictions_csv.ts";
import type { Scores } from "../results/summary.ts";
import { calibrationOf, fitTemperature, type RecordLogits } from "../training/calibration.ts";
import type { Decider } from "../training/tally.ts";
import { decideLogits, readLogits, runDecider } from "../training/evaluate.ts";
import type { SplitName, Workbench } from "../training/workbench.ts";

/** Scores of the present network. */
export interface FinalScores {
  readonly dev: Scores;
  /** null if the data set has no test split. */
  readonly test: Scores | null;
  /** Fitted on dev. */
  readonly temperature: number;
  readonly predictions: readonly SplitPredictions[];
}

/** The logits of dev, and of test if it has records. */
export interface SplitLogits {
  readonly dev: readonly RecordLogits[];
  readonly test: readonly RecordLogits[] | null;
}

/** Runs the present network over dev and test. */
export async function splitLogits(bench: Workbench): Promise<SplitLogits> {
  const dev = await readLogits(bench, "dev");
  const hasTest = bench.split("test").lengths.length > 0;
  return { dev, test: hasTest ? await readLogits(bench, "test") : null };
}

/** Scores the present network. */
export async function finalScores(bench: Workbench): Promise<FinalScores> {
  const logits = await splitLogits(bench);
  return scoresOfLogits(bench, logits, {
    decider: runDecider(bench),
    temperature: temperatureOf(bench, logits),
  });
}

/** The temperature fitted on dev. */
export function temperatureOf(bench: Workbench, { dev }: SplitLogits): number {
  const { labels: truths } = bench.split("dev");
  return fitTemperature(dev, { truths, classes: bench.dataset.classes.length });
}

/** The scores of logits under a decision rule. */
export function scoresOfLogits(
  bench: Workbench,
  { dev, test }: SplitLogits,
  { decider, temperature }: { decider: Decider; temperature: number },
): FinalScores {
  const { classes } = bench.dataset;
  const scored = (split: SplitName, logits: readonly RecordLogits[]) => {
    const { ids, labels: truths } = bench.split(split);
    const { scores, predictions } = decideLogits(bench, split, { logits, decider });
    const calibration = calibrationOf(logits, { truths, classes: classes.length, temperature });
    return {
      scores: { ...scores, calibration },
      predictions: { split, classes, ids, truths, predictions },
    };
  };
  const ofDev = scored("dev", dev);
  const ofTest = test && scored("test", test);
  return {
    dev: ofDev.scores,
    test: ofTest?.scores ?? null,
    temperature,
    predictions: [ofDev.predictions, ...(ofTest ? [ofTest.predictions] : [])],
  };
}
