/**
 * Charts of scores over the weights kept.
 *
 * @module
 */
import { denseOf, type ReportData, type RoundData, type SplitData, type Value } from "../data.ts";
import { PRIMARY_MARGIN } from "../../statistics/matches.ts";
import { NORMAL_95 } from "../../statistics/standard_error.ts";
import { extent, padded } from "./axes.ts";
import { byDensity, type Chart, type Line, seriesColor, type View } from "./chart.ts";
import { overDensity } from "./over_density.ts";

/** Variants of the score chart: each leaves some lines out, so that the others are easier to see. */
export const SCORE_VARIANTS: [id: string, label: string][] = [
  ["all", "All"],
  ["retrained", "Retrained only"],
];

/** The headline score on test and dev after retraining, on dev right after pruning, and of the dense network. */
export function scoreChart(data: ReportData, view: View): Chart {
  const { rounds } = data;
  const order = byDensity(rounds, view.log);
  const pick = (value: (round: RoundData) => Value) =>
    order.map((i) => rounds[i] ? value(rounds[i]) : null);
  const { palette } = view;
  const dense = denseOf(rounds);
  const split = rounds.some((round) => round.test) ? "test" : "dev";
  const reference = dense?.[split]?.score ?? null;

  const lines: Line[] = replicateLines(data, { order, split, view });
  if (split === "test") {
    lines.push({
      label: "Test, retrained",
      values: pick((round) => round.test?.score ?? null),
      limits: order.map((i) => interval(rounds[i]?.test)),
      color: seriesColor(palette, 0),
      width: 2.5,
      kind: "score",
    });
  }
  lines.push({
    label: "Dev, retrained",
    values: pick((round) => round.dev.score),
    ...(split === "dev" ? { limits: order.map((i) => interval(rounds[i]?.dev)) } : {}),
    color: seriesColor(palette, 1),
    width: split === "dev" ? 2.5 : 1.75,
    kind: "score",
  });
  if (view.variant !== "retrained") lines.push(...prunedLines(data, { order, view }));
  if (reference !== null) {
    lines.push({
      label: `Dense, ${split}`,
      values: order.map(() => reference),
      area: order.map(() => [reference - PRIMARY_MARGIN, reference]),
      color: palette.muted,
      width: 1,
      dash: [8, 5],
      points: false,
      kind: "score",
    });
  }
  const limits = lines.flatMap((line) =>
    [...line.limits ?? [], ...line.area ?? []].map((pair) => pair ?? [null, null])
  );
  const range = scoreRange([...lines.map((line) => line.values), ...limits]);
  return overDensity(rounds, {
    order,
    lines,
    y: { label: data.metric, kind: "score", log: false, range },
  }, view);
}

/** Faint lines of the scores before any retraining. */
function prunedLines(
  { rounds }: ReportData,
  { order, view }: { order: readonly number[]; view: View },
): Line[] {
  const line = (
    label: string,
    key: "afterPruning" | "afterPruningRecalibrated",
    dash: number[],
  ) => ({
    label,
    values: order.map((i) => rounds[i]?.[key]?.score ?? null),
    color: view.palette.muted,
    width: 1,
    dash,
    // A line with a single point is visible only if the point is drawn.
    points: rounds.length < 4,
    kind: "score" as const,
  });
  return [
    line("Dev, right after pruning", "afterPruning", [3, 4]),
    ...(rounds.some((round) => round.afterPruningRecalibrated)
      ? [line("Dev, statistics renewed", "afterPruningRecalibrated", [1, 3])]
      : []),
  ];
}

/** The mean over replicates, with the area from the worst to the best; no line without replicates. */
function replicateLines(
  { replicates }: ReportData,
  { order, split, view }: { order: readonly number[]; split: "test" | "dev"; view: View },
): Line[] {
  if (!replicates) return [];
  const bands = order.map((i) => replicates.rounds[i]?.[split] ?? null);
  return [{
    label: `Mean of ${replicates.names.length} seeds, ${split}`,
    values: bands.map((band) => band?.mean ?? null),
    area: bands.map((band) => band && band.count > 1 ? [band.min, band.max] : null),
    color: seriesColor(view.palette, 2),
    width: 2.5,
    kind: "score",
  }];
}

/** F1 of each class after retraining; `view.variant` is the split. */
export function classChart(data: ReportData, view: View): Chart {
  const { rounds, classes } = data;
  const order = byDensity(rounds, view.log);
  const split = view.variant === "dev" ? "dev" : "test";
  const lines = classes.map((name, c): Line => ({
    label: name,
    values: order.map((i) => rounds[i]?.[split]?.f1[c] ?? null),
    color: seriesColor(view.palette, c),
    ...(c >= view.palette.series.length ? { dash: [6, 4] } : {}),
    kind: "score",
  }));
  const range = scoreRange(lines.map((line) => line.values));
  return overDensity(rounds, {
    order,
    lines,
    y: { label: "F1", kind: "score", log: false, range },
  }, view);
}

/** The 95 % interval of a score, cut to 0..1; null where there is no standard error. */
export function interval(scores: SplitData | null | undefined): [number, number] | null {
  if (!scores || scores.score === null || scores.standardError === null) return null;
  const half = NORMAL_95 * scores.standardError;
  return [Math.max(0, scores.score - half), Math.min(1, scores.score + half)];
}

/** A range around scores, within 0..1 and at least 0.1 wide, so that noise looks small. */
export function scoreRange(columns: readonly (readonly Value[])[]): [number, number] {
  const [low, high] = extent(columns) ?? [0, 1];
  const widen = Math.max(0, 0.1 - (high - low)) / 2;
  const [min, max] = padded([low - widen, high + widen], { log: false, share: 0.06 });
  return [Math.max(0, min), Math.min(1, max)];
}
