/**
 * Tables of the calibration of each round's probabilities.
 *
 * @module
 */
import type { CalibrationData, ReportData, RoundData, Value } from "./data.ts";
import type { Column, Table } from "./tables.ts";

const column = (label: string, kind: Column["kind"]): Column => ({ label, kind });

/** The splits on which a round was measured; the split of the result first. */
export function calibratedSplits(rounds: readonly RoundData[]): ("test" | "dev")[] {
  return (["test", "dev"] as const).filter((split) =>
    rounds.some((round) => round[split]?.calibration)
  );
}

/** Errors of the probabilities per round, at the fitted temperature and at 1. */
export function calibrationTable({ rounds }: ReportData): Table {
  const splits = calibratedSplits(rounds);
  const named = { test: "Test", dev: "Dev" };
  const numbers = (calibration: CalibrationData | null | undefined): Value[] => [
    calibration?.calibrationError ?? null,
    calibration?.uncalibrated.calibrationError ?? null,
    calibration?.brier ?? null,
    calibration?.uncalibrated.brier ?? null,
  ];
  return {
    columns: [
      column("Round", "integer"),
      column("Density", "percent"),
      column("Temperature", "score"),
      ...splits.flatMap((split) => [
        column(`${named[split]} calibration error`, "score"),
        column("at temperature 1", "score"),
        column(`${named[split]} Brier score`, "score"),
        column("at temperature 1", "score"),
      ]),
    ],
    rows: rounds.map((round) => [
      round.round,
      round.density,
      round.dev.calibration?.temperature ?? null,
      ...splits.flatMap((split) => numbers(round[split]?.calibration)),
    ]),
  };
}

/** The non-empty bins of every round and split. */
export function reliabilityTable({ rounds }: ReportData): Table {
  return {
    columns: [
      column("Round", "integer"),
      column("Split", "text"),
      column("Probability from", "percent"),
      column("to", "percent"),
      column("Records", "integer"),
      column("Mean probability", "percent"),
      column("Right", "percent"),
    ],
    rows: rounds.flatMap((round) =>
      calibratedSplits(rounds).flatMap((split) => {
        const { bins, binCount } = round[split]?.calibration ?? { bins: [], binCount: 0 };
        return bins.map(([bin, ...said]) => [
          ...[round.round, split, bin / binCount, (bin + 1) / binCount],
          ...said,
        ]);
      })
    ),
  };
}
