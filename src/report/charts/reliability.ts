/**
 * The reliability diagram: how often predictions of a given probability are right.
 *
 * @module
 */
import type { ReportData } from "../data.ts";
import { format } from "../format.ts";
import { axis, padded, scale } from "./axes.ts";
import { type Chart, legendOf, type Line, seriesColor, seriesOptions, type View } from "./chart.ts";

/**
 * The reliability diagram (Guo et al. 2017, section 2) of the chosen round on the split `view.variant`:
 * for each bin of the largest probability, its mean on the horizontal axis and the share of correct records
 * on the vertical one. On the diagonal, probabilities are calibrated.
 */
export function reliabilityChart({ rounds }: ReportData, view: View): Chart {
  const split = view.variant === "dev" ? "dev" : "test";
  const bins = rounds[view.selected]?.[split]?.calibration?.bins ?? [];
  const found = new Map(
    bins.map(([, records, confidence, accuracy]) => [confidence ?? 0, { records, accuracy }]),
  );
  const x = [...new Set([0, ...found.keys(), 1])].sort((a, b) => a - b);
  const lines: Line[] = [
    {
      label: "Records that are right",
      values: x.map((at) => found.get(at)?.accuracy ?? null),
      color: seriesColor(view.palette, 0),
      width: 2.5,
      kind: "percent",
    },
    {
      label: "Calibrated probabilities",
      values: x,
      color: view.palette.muted,
      width: 1,
      dash: [8, 5],
      points: false,
      kind: "percent",
    },
  ];
  const range = padded([0, 1], { log: false, share: 0.03 });
  const label = "Probability of the most probable class";
  return {
    options: {
      scales: { x: scale(range, { log: false }), y: scale(range, { log: false }) },
      axes: [
        axis(view.palette, { label, kind: "percent", log: false, side: "x" }),
        axis(view.palette, { label: "Right", kind: "percent", log: false, side: "y" }),
      ],
      series: [{ label }, ...lines.map((line) => ({ ...seriesOptions(line), spanGaps: true }))],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 8 } },
      padding: [12, 14, 0, 0],
    },
    data: [x, ...lines.map(({ values }) => values)],
    legend: legendOf(lines),
    positions: x.map((at) => {
      const records = found.get(at)?.records;
      return `Probability ${format(at, "percent")}` +
        (records === undefined ? "" : `, ${format(records, "integer")} records`);
    }),
    rounds: x.map(() => null),
  };
}
