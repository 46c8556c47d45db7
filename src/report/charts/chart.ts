/**
 * The parts of a chart: options and data for uPlot, and what the page needs to label it.
 *
 * @module
 */
import type uPlot from "uplot";
import type { RoundData } from "../data.ts";
import type { Kind } from "../format.ts";

/** Colours of the current theme. Colour-blind readers can tell those of `series` apart (Okabe-Ito). */
export interface Palette {
  ink: string;
  muted: string;
  grid: string;
  accent: string;
  background: string;
  series: string[];
  /** Colours from the dense round to the sparsest, in order of lightness (viridis). */
  ramp: string[];
}

/** How the reader wants to see a chart. */
export interface View {
  palette: Palette;
  /** Logarithmic rather than linear axis, on charts that offer both. */
  log: boolean;
  /** The choice of the chart's own switch (a split, a quantity), if it has one. */
  variant: string;
  /** Index into `ReportData.rounds` of the round whose details are shown. */
  selected: number;
}

/** One entry of the legend; entry i belongs to uPlot's series i + 1. */
export interface LegendEntry {
  label: string;
  color: string;
  dash: boolean;
  /** Index into `ReportData.rounds` when the line is one round's. */
  round: number | null;
  kind: Kind;
}

/** A chart ready to be drawn. */
export interface Chart {
  options: Omit<uPlot.Options, "width" | "height">;
  data: (number | null)[][];
  legend: LegendEntry[];
  /** Name of each horizontal position, e.g. "Round 3, 51 % kept", by index into data[0]. */
  positions: string[];
  /** Index into `ReportData.rounds` by index into data[0]; null where a position is no round. */
  rounds: (number | null)[];
}

/** One line of a chart. */
export interface Line {
  label: string;
  values: (number | null)[];
  color: string;
  kind: Kind;
  width?: number;
  dash?: number[];
  points?: boolean;
  round?: number | null;
  /** 95 % limits drawn as whiskers. */
  limits?: ([low: number, high: number] | null)[];
  /** Limits of a filled area: a range over replicates, or a tolerance. */
  area?: ([low: number, high: number] | null)[];
}

/** Colour `i` of a palette's series; colours repeat if there are more lines than colours. */
export function seriesColor(palette: Palette, i: number): string {
  return palette.series[i % palette.series.length] ?? palette.ink;
}

/** The colour of a round on the scale from dense (0) to sparsest (1). */
export function rampColor(palette: Palette, fraction: number): string {
  const last = palette.ramp.length - 1;
  return palette.ramp[Math.round(Math.min(1, Math.max(0, fraction)) * last)] ?? palette.ink;
}

/** Positions of `rounds` by density, sparsest first: uPlot wants ascending x. */
export function byDensity(rounds: readonly RoundData[], positiveOnly: boolean): number[] {
  return rounds.map((_, i) => i)
    .filter((i) => !positiveOnly || (rounds[i]?.density ?? 0) > 0)
    .sort((a, b) => (rounds[a]?.density ?? 0) - (rounds[b]?.density ?? 0));
}

/** uPlot's options for a line. */
export function seriesOptions(line: Line): uPlot.Series {
  return {
    label: line.label,
    stroke: line.color,
    width: line.width ?? 2,
    ...(line.dash ? { dash: line.dash } : {}),
    spanGaps: false,
    points: line.points === false
      ? { show: false }
      : { show: true, size: 7, fill: line.color, stroke: line.color, width: 0 },
  };
}

/** Legend entries for lines. */
export function legendOf(lines: readonly Line[]): LegendEntry[] {
  return lines.map(({ label, color, dash, round, kind }) => ({
    label,
    color,
    dash: dash !== undefined,
    round: round ?? null,
    kind,
  }));
}
