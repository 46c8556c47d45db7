/// <reference lib="dom" />
/**
 * The script of a comparison's page: draws the charts.
 *
 * @module
 */
import { find } from "../../report/client/dom.ts";
import { type FigureKind, setUpFigure } from "../../report/client/figures.ts";
import { palette, setUpTheme } from "../../report/client/theme.ts";
import { differencesChart, effortChart, scoresChart, speedChart } from "../charts.ts";
import type { Comparison } from "../comparison.ts";
import type { ComparisonFigureId } from "../page.ts";
import { costTable, denseTable, scoreTable } from "../tables.ts";

const shared = { log: true, logLabel: "Log axis", variants: () => [] };

/** By the figure's `data-figure`. */
const kinds: Record<ComparisonFigureId, FigureKind<Comparison>> = {
  scores: { build: scoresChart, table: scoreTable, ...shared },
  differences: { build: differencesChart, table: denseTable, ...shared },
  speed: { build: speedChart, table: costTable, ...shared },
  effort: { build: effortChart, table: costTable, ...shared },
};

const data = JSON.parse(find("#data").textContent ?? "null") as Comparison;
const redraws = [...document.querySelectorAll<HTMLElement>("[data-figure]")].map((figure) =>
  setUpFigure(figure, { data, kinds, palette, selected: () => -1, select: () => {} })
);
const drawAll = () => redraws.forEach((draw) => draw());
setUpTheme(drawAll);
drawAll();
document.documentElement.dataset["ready"] = "true";
