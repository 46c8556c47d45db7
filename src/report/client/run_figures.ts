/// <reference lib="dom" />
/**
 * The figures of a run's report.
 *
 * @module
 */
import { costChart } from "../charts/costs.ts";
import { curveChart } from "../charts/curves.ts";
import { reliabilityChart } from "../charts/reliability.ts";
import { classChart, SCORE_VARIANTS, scoreChart } from "../charts/scores.ts";
import {
  barrierChart,
  barrierLineChart,
  filterChart,
  overlapChart,
  speedChart,
  untrainedChart,
} from "../charts/tickets.ts";
import { calibratedSplits, reliabilityTable } from "../calibration_tables.ts";
import type { ReportData } from "../data.ts";
import type { RunFigureId } from "../figure_html.ts";
import { barrierTable, filterTable, ticketTable } from "../ticket_tables.ts";
import { allEpochsTable, classTable, costTable, scoreTable } from "../tables.ts";
import type { FigureKind } from "./figures.ts";

const DENSITY_AXIS = { log: true, logLabel: "Log axis" };

/** A chart of an analysis of every round. */
function ticketFigure(
  build: FigureKind<ReportData>["build"],
  chart: Parameters<typeof ticketTable>[1],
): FigureKind<ReportData> {
  return { build, table: (data) => ticketTable(data, chart), variants: () => [], ...DENSITY_AXIS };
}

/** The figures by their `data-figure` attribute. */
export const RUN_FIGURES: Record<RunFigureId, FigureKind<ReportData>> = {
  scores: { build: scoreChart, table: scoreTable, variants: () => SCORE_VARIANTS, ...DENSITY_AXIS },
  classes: {
    build: classChart,
    table: classTable,
    variants: ({ rounds }) =>
      rounds.some((round) => round.test) ? [["test", "Test"], ["dev", "Dev"]] : [["dev", "Dev"]],
    ...DENSITY_AXIS,
  },
  reliability: {
    build: reliabilityChart,
    table: reliabilityTable,
    log: null,
    logLabel: "",
    variants: ({ rounds }) =>
      calibratedSplits(rounds).map((split) => [split, split === "test" ? "Test" : "Dev"]),
  },
  curveScore: {
    build: curveChart,
    table: allEpochsTable,
    log: null,
    logLabel: "",
    variants: () => [["devScore", "Score"], ["devAccuracy", "Accuracy"]],
  },
  curveLoss: {
    build: curveChart,
    table: allEpochsTable,
    log: false,
    logLabel: "Log axis",
    variants: () => [
      ["trainLoss", "Train"],
      ["devLoss", "Dev"],
      ["learningRate", "Rate"],
      ["gradientNorm", "Gradient"],
    ],
  },
  curveDensity: {
    build: curveChart,
    table: allEpochsTable,
    variants: () => [["density", "Density"]],
    ...DENSITY_AXIS,
  },
  costs: {
    build: costChart,
    table: costTable,
    variants: () => [],
    ...DENSITY_AXIS,
    logLabel: "Log axes",
  },
  filters: { build: filterChart, table: filterTable, variants: () => [], ...DENSITY_AXIS },
  untrained: ticketFigure(untrainedChart, "untrained"),
  barrier: ticketFigure(barrierChart, "barrier"),
  barrierLine: {
    build: barrierLineChart,
    table: barrierTable,
    variants: () => [],
    log: null,
    logLabel: "",
  },
  overlap: ticketFigure(overlapChart, "overlap"),
  speed: ticketFigure(speedChart, "speed"),
};
