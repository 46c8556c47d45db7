/**
 * The cost of a round over the weights it keeps.
 *
 * @module
 */
import { denseOf, type ReportData, type RoundData, type Value } from "../data.ts";
import { extent, padded } from "./axes.ts";
import { byDensity, type Chart, type Line, seriesColor, type View } from "./chart.ts";
import { overDensity } from "./over_density.ts";

/** Multiply-adds, stored bytes and seconds per epoch as fractions of the dense round's. */
export function costChart(data: ReportData, view: View): Chart {
  const { rounds } = data;
  const { palette } = view;
  const order = byDensity(rounds, view.log);
  const seconds = denseOf(rounds)?.secondsPerEpoch ?? null;
  const share = (value: Value, whole: Value): Value =>
    value === null || whole === null || !(whole > 0) || (view.log && !(value > 0))
      ? null
      : value / whole;
  const pick = (value: (round: RoundData) => Value) =>
    order.map((i) => rounds[i] ? value(rounds[i]) : null);
  const lines: Line[] = [
    {
      label: "Multiply-adds",
      values: pick((round) => share(round.macs, round.denseMacs)),
      color: seriesColor(palette, 0),
      kind: "percent",
    },
    {
      label: "Bytes stored (sparse, with index)",
      values: pick((round) => share(round.sparseBytes, round.denseBytes)),
      color: seriesColor(palette, 2),
      kind: "percent",
    },
  ];
  if (seconds !== null) {
    lines.push({
      label: "Seconds per epoch",
      values: pick((round) => share(round.secondsPerEpoch, seconds)),
      color: seriesColor(palette, 1),
      kind: "percent",
    });
  }
  lines.push({
    label: "Weights kept",
    values: pick((round) => round.density),
    color: palette.muted,
    width: 1,
    dash: [8, 5],
    points: false,
    kind: "percent",
  });
  const [low, high] = extent(lines.map((line) => line.values), view.log) ?? [0.5, 1];
  const range = view.log
    ? padded([low, Math.max(1, high)], { log: true, share: 0.06 })
    : [0, padded([0, Math.max(1, high)], { log: false, share: 0.04 })[1]] as [number, number];
  return overDensity(rounds, {
    order,
    lines,
    y: { label: "Share of dense", kind: "percent", log: view.log, range },
  }, view);
}
