/// <reference lib="dom" />
/**
 * The common frame of charts with the weights kept on the horizontal axis.
 *
 * @module
 */
import type uPlot from "uplot";
import type { RoundData } from "../data.ts";
import { format, type Kind } from "../format.ts";
import { type Area, drawAreas } from "./bands.ts";
import { axis, densityAxes, extent, padded, scale } from "./axes.ts";
import { type Chart, legendOf, type Line, seriesOptions, type View } from "./chart.ts";

/** Largest number of rounds drawn with points; of more rounds the points would hide the line. */
const MAX_POINTS = 60;

/** The parts in which charts over density differ. */
export interface DensityFrame {
  /** Indices of the rounds drawn, sparsest first; every line has one value per index. */
  order: number[];
  lines: Line[];
  y: { label: string; kind: Kind; log: boolean; range: [number, number] };
}

/** A chart of `lines` over the density of the rounds in `order`, 100 % on the left. */
export function overDensity(
  rounds: readonly RoundData[],
  { order, lines, y }: DensityFrame,
  view: View,
): Chart {
  const x = order.map((i) => rounds[i]?.density ?? 0);
  const [low, high] = extent([x]) ?? [0.5, 1];
  const range = view.log
    ? padded([low, Math.max(high, low)], { log: true, share: 0.05 })
    : padded([Math.min(low, high), high], { log: false, share: 0.04 });
  const [below, above] = densityAxes(view.palette, view.log);
  return {
    options: {
      scales: {
        x: scale(range, { log: view.log, reversed: true }),
        y: scale(y.range, { log: y.log }),
      },
      axes: [below, axis(view.palette, { ...y, side: "y" }), above],
      series: [
        { label: "Weights kept" },
        ...lines.map((line) =>
          seriesOptions(x.length > MAX_POINTS ? { ...line, points: false, width: 1.25 } : line)
        ),
      ],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 10 } },
      padding: [0, 14, 0, 0],
      hooks: {
        drawAxes: [
          markSelected(x[order.indexOf(view.selected)], view),
          drawAreas(areasOf(lines), x),
          drawLimits(lines, x),
        ],
      },
    },
    data: [x, ...lines.map((line) => line.values)],
    legend: legendOf(lines),
    positions: order.map((i) =>
      `Round ${rounds[i]?.round}, ${format(rounds[i]?.density, "percent")} kept`
    ),
    rounds: order,
  };
}

function areasOf(lines: readonly Line[]): Area[] {
  return lines.flatMap(({ area, color }, i) =>
    area ? [{ limits: area, color, series: i + 1 }] : []
  );
}

/** A vertical line at the selected round, behind the curves. */
function markSelected(x: number | undefined, { palette }: View): (u: uPlot) => void {
  return (u) => {
    if (x === undefined) return;
    const at = Math.round(u.valToPos(x, "x", true));
    u.ctx.save();
    u.ctx.strokeStyle = palette.accent;
    u.ctx.globalAlpha = 0.45;
    u.ctx.setLineDash([]);
    u.ctx.lineWidth = 2 * devicePixelRatio;
    u.ctx.beginPath();
    u.ctx.moveTo(at, u.bbox.top);
    u.ctx.lineTo(at, u.bbox.top + u.bbox.height);
    u.ctx.stroke();
    u.ctx.restore();
  };
}

/** Whiskers from the lower to the upper limit at every point of lines that have them. */
function drawLimits(lines: readonly Line[], x: readonly number[]): (u: uPlot) => void {
  return (u) => {
    lines.forEach((line, index) => {
      if (!line.limits || u.series[index + 1]?.show === false) return;
      u.ctx.save();
      u.ctx.beginPath();
      u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
      u.ctx.clip();
      u.ctx.strokeStyle = line.color;
      u.ctx.globalAlpha = x.length > MAX_POINTS ? 0.2 : 0.5;
      u.ctx.setLineDash([]);
      u.ctx.lineWidth = 1.25 * devicePixelRatio;
      u.ctx.beginPath();
      line.limits.forEach((limits, i) => {
        if (!limits) return;
        const at = u.valToPos(x[i] ?? 0, "x", true);
        const [low, high] = limits.map((value) => u.valToPos(value, "y", true));
        u.ctx.moveTo(at, low ?? 0);
        u.ctx.lineTo(at, high ?? 0);
      });
      u.ctx.stroke();
      u.ctx.restore();
    });
  };
}
