/**
 * Charts of an analysis over the weights kept.
 *
 * @module
 */
import {
  type FilterCounts,
  onlyNetwork,
  type ReportData,
  type RoundData,
  type TicketData,
  type Value,
} from "../data.ts";
import { format, type Kind } from "../format.ts";
import { axis, extent, padded, scale } from "./axes.ts";
import {
  byDensity,
  type Chart,
  legendOf,
  type Line,
  rampColor,
  seriesColor,
  seriesOptions,
  type View,
} from "./chart.ts";
import { drawnRounds } from "./curves.ts";
import { overDensity } from "./over_density.ts";
import { scoreRange } from "./scores.ts";

/** Frankle et al. 2020 call a network stable below this. */
export const STABLE_BELOW = 0.02;

/** The sum over the layers with known counts; null if there are none. */
export function sumOf(counts: FilterCounts | null, key: keyof FilterCounts): Value {
  const known = counts?.[key].filter((value) => value !== null) ?? [];
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** Constant and unused filters as shares of all filters. */
export function filterChart({ rounds }: ReportData, view: View): Chart {
  const share = (key: "empty" | "constant" | "unused") => ({ filters }: RoundData): Value => {
    const [part, whole] = [sumOf(filters, key), sumOf(filters, "filters")];
    return part === null || whole === null || whole === 0 ? null : part / whole;
  };
  return overRounds(rounds, view, {
    label: "Share of all filters",
    kind: "percent",
    lines: [
      ["Constant: no path from the signal", share("constant")],
      ["Unused: no path to a logit", share("unused")],
      ["Empty: no weight", share("empty")],
    ],
  });
}

/** Dev scores of networks that were never trained, compared with the trained one. */
export function untrainedChart({ rounds }: ReportData, view: View): Chart {
  return overRounds(rounds, view, {
    label: "Dev score",
    kind: "score",
    lines: [
      ["Initial weights under the mask", ({ ticket }) => ticket?.untrained ?? null],
      ["Their signs, one size per layer", ({ ticket }) => ticket?.signs ?? null],
      ["Trained", ({ dev }) => dev.score],
    ],
  });
}

/** Instability to the data order, and the threshold of a stable network. */
export function barrierChart({ rounds }: ReportData, view: View): Chart {
  return overRounds(rounds, view, {
    label: "Rise of the error",
    kind: "percent",
    lines: [["Instability", ({ ticket }) => ticket?.instability ?? null]],
    level: [`Stable below ${format(STABLE_BELOW, "percent")}`, STABLE_BELOW],
  });
}

/** Overlap of the masks of two runs, and the overlap expected by chance. */
export function overlapChart({ rounds }: ReportData, view: View): Chart {
  return overRounds(rounds, view, {
    label: "Jaccard index",
    kind: "score",
    lines: [
      ["Masks of the two runs", ({ ticket }) => ticket?.overlap ?? null],
      ["Random masks", ({ ticket }) => ticket?.overlapByChance ?? null],
    ],
  });
}

/** The epochs that a round takes to learn. */
export function speedChart(data: ReportData, view: View): Chart {
  const threshold = data.threshold === null ? "the threshold" : format(data.threshold, "score");
  return overRounds(data.rounds, view, {
    label: "Epoch",
    kind: "integer",
    lines: [
      [`Dev score reaches ${threshold}`, ({ ticket }) => ticket?.epochsToThreshold ?? null],
      ["Lowest dev loss", ({ ticket }) => ticket?.lowestLossEpoch ?? null],
    ],
  });
}

/** Errors on the straight line between the networks of two data orders, one curve per round. */
export function barrierLineChart({ rounds }: ReportData, view: View): Chart {
  const having = rounds.flatMap(({ ticket }, i) => ticket?.line ? [i] : []);
  const alone = onlyNetwork({ rounds }) !== null;
  const own = having.indexOf(view.selected);
  const drawn = drawnRounds(having.length, Math.max(0, own)).map((i) => having[i]!);
  const order = [...drawn.filter((i) => i !== view.selected), ...(own < 0 ? [] : [view.selected])];
  const lineOf = (i: number): NonNullable<TicketData["line"]> => rounds[i]?.ticket?.line ?? [];
  const x = [...new Set(order.flatMap((i) => lineOf(i).map(([at]) => at)))].sort((a, b) => a - b);
  const lines = order.map((i): Line => {
    const at = new Map(lineOf(i));
    const chosen = i === view.selected;
    return {
      label: alone ? "Error" : rounds[i]?.round === 0 ? "0 (dense)" : String(rounds[i]?.round),
      values: x.map((position) => at.get(position) ?? null),
      color: chosen
        ? view.palette.accent
        : rampColor(view.palette, i / Math.max(1, rounds.length - 1)),
      width: chosen ? 3 : 1.25,
      round: alone ? null : i,
      kind: "percent",
    };
  });
  const range = scoreRange(lines.map(({ values }) => values));
  return {
    options: {
      scales: {
        x: scale(padded([0, 1], { log: false, share: 0.02 }), { log: false }),
        y: scale(range, { log: false }),
      },
      axes: [
        axis(view.palette, {
          label: "Place between the two",
          kind: "score",
          log: false,
          side: "x",
        }),
        axis(view.palette, { label: "Error", kind: "percent", log: false, side: "y" }),
      ],
      series: [{ label: "Place" }, ...lines.map(seriesOptions)],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 8 } },
      padding: [12, 14, 0, 0],
    },
    data: [x, ...lines.map(({ values }) => values)],
    legend: legendOf(lines),
    positions: x.map((at) => `${format(at, "percent")} of the way to the other data order`),
    rounds: x.map(() => null),
  };
}

interface Wanted {
  label: string;
  kind: Kind;
  lines: [label: string, value: (round: RoundData) => Value][];
  level?: [label: string, at: number];
}

function overRounds(
  rounds: readonly RoundData[],
  view: View,
  { label, kind, lines: wanted, level }: Wanted,
): Chart {
  const order = byDensity(rounds, view.log);
  const lines = wanted.map(([name, value], i): Line => ({
    label: name,
    values: order.map((at) => value(rounds[at]!)),
    color: seriesColor(view.palette, i),
    kind,
  }));
  if (level) {
    lines.push({
      label: level[0],
      values: order.map(() => level[1]),
      color: view.palette.muted,
      width: 1,
      dash: [8, 5],
      points: false,
      kind,
    });
  }
  const values = lines.map((line) => line.values);
  const [low, high] = extent(values) ?? [0, 1];
  const range = kind === "score"
    ? scoreRange(values)
    : padded([Math.min(0, low), Math.max(high, kind === "integer" ? 1 : 0.01)], {
      log: false,
      share: 0.06,
    });
  const chart = overDensity(rounds, { order, lines, y: { label, kind, log: false, range } }, view);
  // A line continues across rounds that were not analysed.
  chart.options.series = [
    chart.options.series[0]!,
    ...chart.options.series.slice(1).map((series) => ({ ...series, spanGaps: true })),
  ];
  return chart;
}
