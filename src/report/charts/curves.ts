/**
 * Learning curves, one line per round.
 *
 * @module
 */
import { type EpochColumns, onlyNetwork, type ReportData } from "../data.ts";
import { format, type Kind } from "../format.ts";
import { axis, extent, padded, scale } from "./axes.ts";
import { type Chart, legendOf, type Line, rampColor, seriesOptions, type View } from "./chart.ts";
import { scoreRange } from "./scores.ts";

/** Largest number of lines, the selected round not counted: more cannot be told apart. */
export const MAX_CURVES = 16;

type Quantity = Exclude<keyof EpochColumns, "epoch">;

const QUANTITIES: Record<Quantity, { label: string; kind: Kind }> = {
  step: { label: "Steps", kind: "integer" },
  learningRate: { label: "Learning rate", kind: "rate" },
  trainLoss: { label: "Train loss", kind: "loss" },
  gradientNorm: { label: "Gradient norm", kind: "loss" },
  devLoss: { label: "Dev loss", kind: "loss" },
  devAccuracy: { label: "Dev accuracy", kind: "percent" },
  devScore: { label: "Dev score", kind: "score" },
  density: { label: "Weights kept", kind: "percent" },
};

/** Positions of the rounds that are drawn: evenly spread, first and last among them. */
export function drawnRounds(count: number, selected: number): number[] {
  const last = count - 1;
  const lines = Math.min(count, MAX_CURVES);
  const drawn = new Set<number>(count > 0 && selected <= last ? [selected] : []);
  for (let i = 0; i < lines; i++) {
    drawn.add(lines === 1 ? 0 : Math.round((i * last) / (lines - 1)));
  }
  return [...drawn].sort((a, b) => a - b);
}

/** Learning curves over epochs. `view.variant` names the quantity, a column of the learning curves. */
export function curveChart(data: ReportData, view: View): Chart {
  const quantity: Quantity = view.variant in QUANTITIES ? view.variant as Quantity : "devScore";
  const { label, kind } = QUANTITIES[quantity];
  const alone = onlyNetwork(data) !== null;
  const drawn = drawnRounds(data.rounds.length, view.selected);
  const epochs = [...new Set(drawn.flatMap((i) => data.rounds[i]?.epochs.epoch ?? []))]
    .sort((a, b) => a - b);
  // The selected round comes last so that it lies on top.
  const order = [...drawn.filter((i) => i !== view.selected), view.selected]
    .filter((i) => data.rounds[i] !== undefined);
  const lines = order.map((i): Line => {
    const round = data.rounds[i];
    const at = new Map(round?.epochs.epoch.map((epoch, k) => [epoch, k]));
    const chosen = i === view.selected;
    return {
      label: alone ? label : i === 0 && round?.round === 0 ? "0 (dense)" : String(round?.round),
      values: epochs.map((epoch) => {
        const value = round?.epochs[quantity]?.[at.get(epoch) ?? -1] ?? null;
        return view.log && value !== null && value <= 0 ? null : value;
      }),
      color: chosen
        ? view.palette.accent
        : rampColor(view.palette, i / Math.max(1, data.rounds.length - 1)),
      width: chosen ? 3 : 1.25,
      points: chosen && epochs.length < 40 || epochs.length < 3,
      round: alone ? null : i,
      kind,
    };
  });
  const values = lines.map((line) => line.values);
  const found = extent(values, view.log) ?? [0.5, 1];
  const range = !view.log && (kind === "score" || kind === "percent")
    ? scoreRange(values)
    : padded(found, { log: view.log, share: 0.06 });
  const xRange = padded(extent([epochs]) ?? [1, 2], { log: false, share: 0.02 });
  return {
    options: {
      scales: {
        x: scale(xRange, { log: false }),
        y: scale(range, { log: view.log }),
      },
      axes: [
        {
          ...axis(view.palette, { label: "Epoch", kind: "integer", log: false, side: "x" }),
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000],
        },
        axis(view.palette, { label, kind, log: view.log, side: "y" }),
      ],
      series: [
        { label: "Epoch" },
        ...lines.map((line) => ({ ...seriesOptions(line), spanGaps: true })),
      ],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 8 } },
      padding: [12, 14, 0, 0],
    },
    data: [epochs, ...lines.map((line) => line.values)],
    legend: legendOf(lines),
    positions: epochs.map((epoch) => `Epoch ${format(epoch, "integer")}`),
    rounds: epochs.map(() => null),
  };
}
