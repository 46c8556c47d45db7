/// <reference lib="dom" />
/**
 * Charts of all methods over the weights kept.
 *
 * @module
 */
import { drawAreas } from "../report/charts/bands.ts";
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
import { format, type Kind } from "../report/format.ts";
import { commonKind, differenceTo, REFERENCE_NAMES, referenceOf } from "../statistics/reference.ts";
import type { Comparison, LevelResult, MethodResult } from "./comparison.ts";
import { meanEpochs } from "./tables.ts";

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

/**
 * Difference of every method to dense networks with its 95 % interval. The dense networks are those of
 * equal training if there are any; networks without one are then left out, because a line has one meaning.
 */
export function differencesChart(data: Comparison, view: View): Chart {
  const x = densities(data);
  const kind = commonKind(data.methods.flatMap(({ levels }) => levels));
  const shown = (level: LevelResult) => {
    if (referenceOf(level) === null) return { difference: 0, low: 0, high: 0 }; // the dense network itself
    return differenceTo(level, kind);
  };
  const lines = methodLines(data, view, {
    x,
    value: (level) => shown(level)?.difference ?? null,
    limits: (level) => {
      const own = shown(level);
      return own && [own.low, own.high];
    },
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
    level(`Margin of ${data.secondMargin}`, -data.secondMargin, [1, 3]),
  ];
  const range = padded(extent(columnsOf([...lines, ...reference])) ?? [-0.1, 0.1], {
    log: false,
    share: 0.06,
  });
  const all = [...lines.map((line) => ({ ...line, kind: "signed" as const })), ...reference];
  return overDensity(x, {
    lines: all,
    view,
    label: `Difference to ${REFERENCE_NAMES[kind]}`,
    range,
  });
}

/** Epochs until the dev score reaches the dense network's final one, mean over the runs that reach it. */
export function speedChart(data: Comparison, view: View): Chart {
  return plainChart(data, view, {
    value: (level) => level.toDense === null ? null : meanEpochs(level),
    label: "Epochs to the dense dev score",
  });
}

/** Training of all rounds up to each network, in epochs of the dense network. */
export function effortChart(data: Comparison, view: View): Chart {
  return plainChart(data, view, {
    value: ({ cost }) => cost?.denseEpochs ?? null,
    label: "Training, in epochs of dense",
  });
}

function plainChart(
  data: Comparison,
  view: View,
  { value, label }: { value: (level: LevelResult) => number | null; label: string },
): Chart {
  const x = densities(data);
  const lines = methodLines(data, view, { x, value, limits: () => null })
    .map((line): Line => ({ ...line, kind: "integer" }));
  const [, high] = extent(columnsOf(lines)) ?? [0, 1];
  const range = padded([0, Math.max(1, high)], { log: false, share: 0.06 });
  return overDensity(x, { lines, view, label, kind: "integer", range: [0, range[1]] });
}

/** All densities, ascending. */
function densities(data: Comparison): number[] {
  const all = drawnMethods(data).flatMap(({ levels }) => levels.map(({ density }) => density));
  return [...new Set(all)].sort((a, b) => a - b);
}

/** The methods to draw. A dense network that is trained on is left out: its levels have one density. */
function drawnMethods({ methods }: Comparison): MethodResult[] {
  return methods.filter(({ continued }) => !continued || methods.every((own) => own.continued));
}

function methodLines(
  data: Comparison,
  { palette }: View,
  { x, value, limits }: {
    x: readonly number[];
    value: (level: LevelResult) => number | null;
    limits: (level: LevelResult) => Limits | null;
  },
): Line[] {
  return drawnMethods(data).map(({ name, levels }, i): Line => {
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
  { lines, view, label, kind = "score", range }: {
    lines: Line[];
    view: View;
    label: string;
    kind?: Kind;
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
      axes: [below, axis(view.palette, { label, kind, log: false, side: "y" }), above],
      series: [
        { label: "Weights kept" },
        ...lines.map((line) => ({ ...seriesOptions(line), spanGaps: true })),
      ],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 10 } },
      padding: [0, 14, 0, 0],
      hooks: {
        drawAxes: [
          drawAreas(
            lines.flatMap(({ limits, color }, i) =>
              // Many overlapping areas must not hide the lines.
              limits
                ? [{ limits, color, series: i + 1, alpha: lines.length > 5 ? 0.06 : 0.13 }]
                : []
            ),
            x,
          ),
        ],
      },
    },
    data: [[...x], ...lines.map(({ values }) => values)],
    legend: legendOf(lines),
    positions: x.map((density) =>
      `${format(density, "percent")} kept, ${format(1 / density, "factor")} fewer weights`
    ),
    rounds: x.map(() => null),
  };
}
