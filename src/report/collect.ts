/**
 * Makes the tables of a report from a run's files.
 *
 * @module
 */
import { isSingleTraining, POLICIES } from "../config/modes.ts";
import type { EpochRow, RoundSummary, Scores, Summary, Timing } from "../results/summary.ts";
import type {
  CalibrationData,
  EpochColumns,
  ReportData,
  RoundData,
  SplitData,
  Value,
} from "./data.ts";
import type { Extras } from "./extras.ts";
import { keptByEpoch } from "./mask_size.ts";
import { replicateData } from "./replicates.ts";
import { scoreStandardError } from "../statistics/standard_error.ts";
import { finite } from "./finite.ts";
import { filterCounts, ticketData } from "./tickets.ts";

/** Largest number of epochs kept over all rounds; of more, every round's curve is thinned equally. */
export const MAX_EPOCHS = 20_000;

/** The tables of `summary`, with seconds from `timing` and with `extras` if given. */
export function collect(
  summary: Summary,
  timing: Timing | null,
  extras: Extras = {},
): ReportData {
  const recorded = summary.rounds.reduce((total, round) => total + round.epochs.length, 0);
  const stride = Math.max(1, Math.ceil(recorded / MAX_EPOCHS));
  const layers = (summary.rounds[0]?.layers ?? [])
    .map(({ name, shape, size }) => ({ name, shape, size }));
  const seconds = new Map((timing?.rounds ?? []).map((round) => [round.round, round]));
  const scored = summary.metric.classes
    .map((name) => summary.classes.indexOf(name))
    .filter((index) => index >= 0);

  const rounds = summary.rounds.map((round): RoundData => {
    const time = seconds.get(round.round);
    // In a control of small dense networks, layers have a different size in each round.
    const kept = new Map(round.layers.map(({ name, size, kept }) => [`${name} ${size}`, kept]));
    const split = (scores: Scores) => splitData(scores, { classes: summary.classes, scored });
    const optional = (scores: Scores | null | undefined) => scores ? split(scores) : null;
    return {
      ...costs(round),
      layers: layers.map((layer) => kept.get(`${layer.name} ${layer.size}`) ?? null),
      dev: split(round.dev),
      test: optional(round.test),
      afterPruning: optional(round.afterPruning),
      // Older runs lack this field.
      afterPruningRecalibrated: optional(round.afterPruningRecalibrated),
      epochs: epochColumns(round, { stride, config: summary.config }),
      ...(round.training ? { training: round.training } : {}),
      secondsPerEpoch: time && time.epochs > 0 ? finite(time.trainSeconds / time.epochs) : null,
      filters: filterCounts(layers, extras.rounds?.get(round.round)?.filters),
      ticket: ticketData(extras.rounds?.get(round.round)),
    };
  });
  return {
    name: summary.name,
    mode: summary.control ? `${summary.control.kind} of ${summary.mode}` : summary.mode,
    single: isSingle(summary),
    complete: summary.complete,
    metric: summary.metric.name,
    decision: extras.decision ?? null,
    classes: summary.classes,
    layers,
    rounds,
    epochs: {
      recorded,
      kept: rounds.reduce((total, round) => total + round.epochs.epoch.length, 0),
    },
    replicates: replicateData(summary, extras.replicates ?? []),
    threshold: finite(extras.threshold),
    other: extras.other ?? null,
  };
}

/** A control has rounds of its own, and the report of a mode that is not known is like that of one with rounds. */
function isSingle({ mode, control }: Summary): boolean {
  return !control && Object.hasOwn(POLICIES, mode) && isSingleTraining(mode);
}

function costs(round: RoundSummary) {
  const { kept, prunable, density, denseBytes, sparseBytes, denseMacs, macs } = round;
  return {
    round: round.round,
    kept,
    prunable,
    density,
    theta: finite(round.theta),
    thetaAll: finite(round.thetaAll),
    denseBytes,
    sparseBytes,
    denseMacs,
    macs,
  };
}

function splitData(
  scores: Scores,
  { classes, scored }: { classes: string[]; scored: number[] },
): SplitData {
  return {
    records: scores.records,
    score: finite(scores.score),
    standardError: scoreStandardError(scores.confusion, scored),
    loss: finite(scores.loss),
    accuracy: finite(scores.accuracy),
    f1: classes.map((name) => Object.hasOwn(scores.f1, name) ? finite(scores.f1[name]) : null),
    confusion: scores.confusion,
    calibration: calibrationData(scores.calibration),
  };
}

/** Calibration for the report; null for older runs, which have none. */
function calibrationData(calibration: Scores["calibration"]): CalibrationData | null {
  if (calibration === undefined) return null;
  const { temperature, calibrationError, brier, uncalibrated, bins } = calibration;
  return {
    temperature: sixDigits(temperature),
    calibrationError: sixDigits(calibrationError),
    brier: sixDigits(brier),
    uncalibrated: {
      calibrationError: sixDigits(uncalibrated.calibrationError),
      brier: sixDigits(uncalibrated.brier),
    },
    bins: bins.flatMap(({ records, confidence, accuracy }, bin) =>
      records === 0 ? [] : [[bin, records, sixDigits(confidence), sixDigits(accuracy)]]
    ),
    binCount: bins.length,
  };
}

/** Every `stride`-th epoch, and always the first, the last and the best on dev. */
function thin(epochs: readonly EpochRow[], stride: number): readonly EpochRow[] {
  if (stride === 1) return epochs;
  let best = 0;
  epochs.forEach((row, i) => {
    if ((finite(row.devScore) ?? -1) > (finite(epochs[best]?.devScore) ?? -1)) best = i;
  });
  return epochs.filter((_, i) => i % stride === 0 || i === epochs.length - 1 || i === best);
}

function epochColumns(
  round: RoundSummary,
  { stride, config }: { stride: number; config: Summary["config"] },
): EpochColumns {
  const rows = thin(round.epochs, stride);
  const column = (key: keyof EpochRow) => rows.map((row) => sixDigits(row[key]));
  const kept = round.training ? keptByEpoch(round, config) : null;
  const at = new Map(round.epochs.map(({ epoch }, i) => [epoch, i]));
  return {
    epoch: rows.map((row) => row.epoch),
    step: column("step"),
    learningRate: column("learningRate"),
    trainLoss: column("trainLoss"),
    gradientNorm: column("gradientNorm"),
    devLoss: column("devLoss"),
    devAccuracy: column("devAccuracy"),
    devScore: column("devScore"),
    ...(kept
      ? { density: rows.map(({ epoch }) => sixDigits(kept[at.get(epoch)!]! / round.prunable)) }
      : {}),
  };
}

function sixDigits(value: unknown): Value {
  const number = finite(value);
  return number === null ? null : Number(number.toPrecision(6));
}
