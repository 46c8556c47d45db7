/**
 * The tables below the charts, which are shown, checked in tests and saved as CSV.
 *
 * @module
 */
import { type Band, denseOf, type ReportData, type RoundData, type Value } from "./data.ts";
import type { Kind } from "./format.ts";

/** A column's heading and what it holds. */
export interface Column {
  label: string;
  kind: Kind;
}

/** Rows of values in the order of `columns`. */
export interface Table {
  columns: Column[];
  rows: (Value | string)[][];
}

const column = (label: string, kind: Kind): Column => ({ label, kind });

/** Scores of every round: test, dev, and right after pruning, with the change from dense. */
export function scoreTable({ rounds, replicates }: ReportData): Table {
  const hasTest = rounds.some((round) => round.test !== null);
  const dense = denseOf(rounds);
  const change = (now: Value | undefined, before: Value | undefined): Value =>
    now === null || now === undefined || before === null || before === undefined
      ? null
      : now - before;
  return {
    columns: [
      column("Round", "integer"),
      column("Weights kept", "integer"),
      column("Density", "percent"),
      column("Compression θ", "factor"),
      ...(hasTest
        ? [
          column("Test score", "score"),
          column("Test standard error", "score"),
          ...(dense ? [column("Test, change from dense", "signed")] : []),
        ]
        : []),
      column("Dev score", "score"),
      column("Dev standard error", "score"),
      ...(dense ? [column("Dev, change from dense", "signed")] : []),
      column("Dev right after pruning", "score"),
      column("with statistics renewed", "score"),
      ...(replicates
        ? [
          column(`${hasTest ? "Test" : "Dev"}, mean over seeds`, "score"),
          column("lowest", "score"),
          column("highest", "score"),
          column("seeds", "integer"),
        ]
        : []),
    ],
    rows: rounds.map((round, i) => [
      round.round,
      round.kept,
      round.density,
      round.theta,
      ...(hasTest
        ? [
          round.test?.score ?? null,
          round.test?.standardError ?? null,
          ...(dense ? [change(round.test?.score, dense.test?.score)] : []),
        ]
        : []),
      round.dev.score,
      round.dev.standardError,
      ...(dense ? [change(round.dev.score, dense.dev.score)] : []),
      round.afterPruning?.score ?? null,
      round.afterPruningRecalibrated?.score ?? null,
      ...(replicates ? bandCells(replicates.rounds[i]?.[hasTest ? "test" : "dev"] ?? null) : []),
    ]),
  };
}

function bandCells(band: Band | null): Value[] {
  return band ? [band.mean, band.min, band.max, band.count] : [null, null, null, null];
}

/** F1 of every class after each round's training, on test (if there is one) and on dev. */
export function classTable({ rounds, classes }: ReportData): Table {
  const splits = rounds.some((round) => round.test !== null)
    ? ["test", "dev"] as const
    : ["dev"] as const;
  const f1 = (round: RoundData, split: "test" | "dev") =>
    classes.map((_, c) => round[split]?.f1[c] ?? null);
  return {
    columns: [
      column("Round", "integer"),
      column("Density", "percent"),
      ...splits.flatMap((split) =>
        classes.map((name) => column(`${split === "test" ? "Test" : "Dev"} F1 ${name}`, "score"))
      ),
    ],
    rows: rounds.map((round) => [
      round.round,
      round.density,
      ...splits.flatMap((split) => f1(round, split)),
    ]),
  };
}

/** The cost of a forward pass, of the stored network and of an epoch in every round. */
export function costTable({ rounds }: ReportData): Table {
  return {
    columns: [
      column("Round", "integer"),
      column("Density", "percent"),
      column("Multiply-adds", "macs"),
      column("of dense", "percent"),
      column("Stored sparse", "bytes"),
      column("Stored dense", "bytes"),
      column("θ of all parameters", "factor"),
      column("Seconds per epoch", "seconds"),
    ],
    rows: rounds.map((round) => [
      round.round,
      round.density,
      round.macs,
      round.denseMacs > 0 ? round.macs / round.denseMacs : null,
      round.sparseBytes,
      round.denseBytes,
      round.thetaAll,
      round.secondsPerEpoch,
    ]),
  };
}

/** The learning curve of one round. */
export function epochTable(round: RoundData): Table {
  const { epochs } = round;
  return {
    columns: [
      column("Epoch", "integer"),
      column("Steps", "integer"),
      column("Learning rate", "rate"),
      column("Train loss", "loss"),
      column("Dev loss", "loss"),
      column("Dev score", "score"),
      column("Dev accuracy", "percent"),
      column("Gradient norm", "loss"),
      ...(epochs.density ? [column("Weights kept", "percent")] : []),
    ],
    rows: epochs.epoch.map((epoch, i) => [
      epoch,
      epochs.step[i] ?? null,
      epochs.learningRate[i] ?? null,
      epochs.trainLoss[i] ?? null,
      epochs.devLoss[i] ?? null,
      epochs.devScore[i] ?? null,
      epochs.devAccuracy[i] ?? null,
      epochs.gradientNorm[i] ?? null,
      ...(epochs.density ? [epochs.density[i] ?? null] : []),
    ]),
  };
}

/** The learning curves of all rounds below one another, the round in the first column. */
export function allEpochsTable({ rounds }: ReportData): Table {
  return stack(rounds.map((round) => [round.round, epochTable(round)]));
}

/** Weights kept in every layer of one round. */
export function layerTable({ layers }: ReportData, round: RoundData): Table {
  return {
    columns: [
      column("Layer", "text"),
      column("Shape", "text"),
      column("Weights", "integer"),
      column("Kept", "integer"),
      column("Density", "percent"),
      column("Filters", "integer"),
      column("Constant filters", "integer"),
      column("Unused filters", "integer"),
    ],
    rows: layers.map((layer, i) => {
      const kept = round.layers[i] ?? null;
      const density = kept === null || layer.size === 0 ? null : kept / layer.size;
      return [
        layer.name,
        layer.shape.join(" × "),
        layer.size,
        kept,
        density,
        round.filters?.filters[i] ?? null,
        round.filters?.constant[i] ?? null,
        round.filters?.unused[i] ?? null,
      ];
    }),
  };
}

/** The layers of all rounds below one another, the round in the first column. */
export function allLayersTable(data: ReportData): Table {
  return stack(data.rounds.map((round) => [round.round, layerTable(data, round)]));
}

/** Confusion matrices of every round and split in long form. */
export function confusionTable({ rounds, classes }: ReportData): Table {
  return {
    columns: [
      column("Round", "integer"),
      column("Split", "text"),
      column("True class", "text"),
      column("Predicted class", "text"),
      column("Records", "integer"),
    ],
    rows: rounds.flatMap((round) =>
      (["test", "dev"] as const).flatMap((split) =>
        (round[split]?.confusion ?? []).flatMap((counts, i) =>
          counts.map((count, j) => [round.round, split, classes[i] ?? "", classes[j] ?? "", count])
        )
      )
    ),
  };
}

function stack(parts: [round: number, table: Table][]): Table {
  return {
    columns: [column("Round", "integer"), ...(parts[0]?.[1].columns ?? [])],
    rows: parts.flatMap(([round, table]) => table.rows.map((row) => [round, ...row])),
  };
}
