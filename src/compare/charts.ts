/// <reference lib="dom" />
/**
 * Methods side by side over the weights kept.
 *
 * @module
 */
import type uPlot from "uplot";
import { axis, densityAxes, extent, padded, scale } from "../report/charts/axes.ts";
import {
  type Chart,
  legendOf,
  type Line,
  seriesColor,
  seriesOptions,
  type View,
} from "../report/charts/chart.ts";
import { scoreRange } from "../report/charts/scores.ts";
import { format } from "../report/format.ts";
import type { Comparison, LevelResult } from "./comparison.ts";

type Limits = [low: number, high: number];

/** Mean score of every method, with the band from its worst to its best replicate. */
export function scoresChart(data: Comparison, view: View): Chart {
  const x = densities(data);
  const lines = methodLines(data, view, {
    x,
    value: ({ mean }) => mean,
    limits: ({ min, max, scores }) => scores.length > 1 ? [min, max] : null,
  });
  return overDensity(x, {
    lines,
    view,
    label: `${data.metric}, ${data.split}`,
    range: scoreRange(columnsOf(lines)),
  });
}

/** Difference of every method to its dense networks, with its 95 % interval. */
export function differencesChart(data: Comparison, view: View): Chart {
  const x = densities(data);
  const lines = methodLines(data, view, {
    x,
    value: ({ toDense }) => toDense ? toDense.difference : 0,
    limits: ({ toDense }) => toDense ? [toDense.low, toDense.high] : [0, 0],
  });
  const level = (label: string, at: number, dash: number[]): Line => ({
    label,
    values: x.map(() => at),
    color: view.palette.muted,
    width: 1,
    dash,
    points: false,
    kind: "signed",
  });
  const reference = [
    level("No difference", 0, [8, 5]),
    level(`Margin of ${data.margin}`, -data.margin, [3, 4]),
  ];
  const range = padded(extent(columnsOf([...lines, ...reference])) ?? [-0.1, 0.1], {
    log: false,
    share: 0.06,
  });
  const all = [...lines.map((line) => ({ ...line, kind: "signed" as const })), ...reference];
  return overDensity(x, { lines: all, view, label: "Difference to dense", range });
}

/** All densities, ascending. */
function densities({ methods }: Comparison): number[] {
  const all = methods.flatMap(({ levels }) => levels.map(({ density }) => density));
  return [...new Set(all)].sort((a, b) => a - b);
}

function methodLines(
  { methods }: Comparison,
  { palette }: View,
  { x, value, limits }: {
    x: readonly number[];
    value: (level: LevelResult) => number;
    limits: (level: LevelResult) => Limits | null;
  },
): Line[] {
  return methods.map(({ name, levels }, i): Line => {
    const at = new Map(levels.map((level) => [level.density, level]));
    const own = x.map((density) => at.get(density) ?? null);
    return {
      label: name,
      values: own.map((level) => level ? value(level) : null),
      limits: own.map((level) => level ? limits(level) : null),
      color: seriesColor(palette, i),
      ...(i >= palette.series.length ? { dash: [6, 4] } : {}),
      kind: "score",
    };
  });
}

function columnsOf(lines: readonly Line[]): (number | null)[][] {
  return lines.flatMap(({ values, limits }) => [
    values,
    ...(limits ?? []).map((pair) => pair ?? []),
  ]);
}

function overDensity(
  x: readonly number[],
  { lines, view, label, range }: {
    lines: Line[];
    view: View;
    label: string;
    range: [number, number];
  },
): Chart {
  const [low, high] = extent([x]) ?? [0.5, 1];
  const [below, above] = densityAxes(view.palette, view.log);
  const xRange = padded([low, high], { log: view.log, share: view.log ? 0.05 : 0.04 });
  return {
    options: {
      scales: {
        x: scale(xRange, { log: view.log, reversed: true }),
        y: scale(range, { log: false }),
      },
      axes: [below, axis(view.palette, { label, kind: "score", log: false, side: "y" }), above],
      series: [
        { label: "Weights kept" },
        ...lines.map((line) => ({ ...seriesOptions(line), spanGaps: true })),
      ],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 10 } },
      padding: [0, 14, 0, 0],
      hooks: { drawAxes: [drawBands(lines, x)] },
    },
    data: [[...x], ...lines.map(({ values }) => values)],
    legend: legendOf(lines),
    positions: x.map((density) =>
      `${format(density, "percent")} kept, ${format(1 / density, "factor")} fewer weights`
    ),
    rounds: x.map(() => null),
  };
}

/** Fills the area between the limits of each line; a line with a single one gets a whisker. */
function drawBands(lines: readonly Line[], x: readonly number[]): (u: uPlot) => void {
  return (u) => {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
    lines.forEach(({ limits = [], color }, index) => {
      if (u.series[index + 1]?.show === false) return;
      const points = limits.flatMap((pair, i) =>
        pair
          ? [{ at: u.valToPos(x[i]!, "x", true), ends: pair.map((y) => u.valToPos(y, "y", true)) }]
          : []
      );
      u.ctx.beginPath();
      points.forEach(({ at, ends }) => u.ctx.lineTo(at, ends[1]!));
      points.toReversed().forEach(({ at, ends }) => u.ctx.lineTo(at, ends[0]!));
      u.ctx.closePath();
      u.ctx.fillStyle = u.ctx.strokeStyle = color;
      u.ctx.globalAlpha = 0.13;
      u.ctx.fill();
      u.ctx.globalAlpha = points.length === 1 ? 0.6 : 0.3;
      u.ctx.lineWidth = devicePixelRatio;
      u.ctx.stroke();
    });
    u.ctx.restore();
  };
}
