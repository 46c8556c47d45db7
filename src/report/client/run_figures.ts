/// <reference lib="dom" />
/**
 * What the figures of a run's report show.
 *
 * @module
 */
import { costChart } from "../charts/costs.ts";
import { curveChart } from "../charts/curves.ts";
import { classChart, scoreChart } from "../charts/scores.ts";
import type { ReportData } from "../data.ts";
import { allEpochsTable, classTable, costTable, scoreTable } from "../tables.ts";
import type { FigureKind } from "./figures.ts";

const DENSITY_AXIS = { log: true, logLabel: "Log axis" };

/** By the figure's `data-figure`. */
export const RUN_FIGURES: Record<string, FigureKind<ReportData>> = {
  scores: { build: scoreChart, table: scoreTable, variants: () => [], ...DENSITY_AXIS },
  classes: {
    build: classChart,
    table: classTable,
    variants: ({ rounds }) =>
      rounds.some((round) => round.test) ? [["test", "Test"], ["dev", "Dev"]] : [["dev", "Dev"]],
    ...DENSITY_AXIS,
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
  costs: {
    build: costChart,
    table: costTable,
    variants: () => [],
    ...DENSITY_AXIS,
    logLabel: "Log axes",
  },
};
