/**
 * Scales and axes shared by the charts. Ranges never collapse: uPlot cannot draw min = max, and a
 * logarithmic scale cannot hold 0.
 *
 * @module
 */
import type uPlot from "uplot";
import { format, type Kind } from "../format.ts";
import type { Palette } from "./chart.ts";

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
/** Pixels that a character of a mark needs in that size, in the widest of the fonts. */
const MARK_WIDTH = 8;
const LINEAR = 1;
const LOGARITHMIC = 3;

/** A range around [min, max] with room at both ends, in equal steps or equal factors. */
export function padded(
  [min, max]: readonly [number, number],
  { log, share }: { log: boolean; share: number },
): [number, number] {
  if (log) {
    const factor = Math.max((max / min) ** share, min === max ? 1.5 : 1);
    return [min / factor, max * factor];
  }
  const room = Math.max((max - min) * share, min === max ? Math.max(Math.abs(max) * 0.1, 0.05) : 0);
  return [min - room, max + room];
}

/** Smallest and largest finite value of all columns; null when there is none. */
export function extent(
  columns: readonly (readonly (number | null)[])[],
  positiveOnly = false,
): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const values of columns) {
    for (const value of values) {
      if (value === null || (positiveOnly && value <= 0)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? [low, high] : null;
}

/** A fixed scale; `reversed` puts the largest value left (or at the bottom). */
export function scale(
  range: [number, number],
  { log, reversed = false }: { log: boolean; reversed?: boolean },
): uPlot.Scale {
  return {
    time: false,
    distr: log ? LOGARITHMIC : LINEAR,
    dir: reversed ? -1 : 1,
    range: () => range,
  };
}

/**
 * Marks at 1, 2 and 5 times powers of ten: fewer (the powers) where there would be more than `most`,
 * more where a short range would have hardly any, as far as they are apart by a `most`-th of the range.
 */
export function logMarks(min: number, max: number, most = 12): number[] {
  const marks = (steps: number[]) => {
    const found: number[] = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
      for (const step of steps) {
        const mark = Number(`${step}e${power}`);
        if (mark >= min && mark <= max) found.push(mark);
      }
    }
    return found;
  };
  const shown = marks([1, 2, 5]);
  if (shown.length >= 3) return shown.length <= most ? shown : marks([1]);
  const apart = Math.log(max / min) / most;
  for (const mark of marks([3, 4, 6, 8])) {
    if (shown.every((other) => Math.abs(Math.log(mark / other)) >= apart)) shown.push(mark);
  }
  return shown.toSorted((a, b) => a - b);
}

/** A left or bottom axis. */
export function axis(
  palette: Palette,
  { label, kind, log, side }: { label: string; kind: Kind; log: boolean; side: "x" | "y" | "top" },
): uPlot.Axis {
  const horizontal = side !== "y";
  return {
    scale: horizontal ? "x" : "y",
    side: side === "top" ? 0 : side === "x" ? 2 : 3,
    stroke: palette.muted,
    font: FONT,
    labelFont: FONT,
    label,
    labelSize: horizontal ? 22 : 20,
    labelGap: 2,
    size: horizontal ? 28 : (_, marks) => Math.max(54, 8 + MARK_WIDTH * longest(marks ?? [])),
    gap: 6,
    grid: { show: side !== "top", stroke: palette.grid, width: 1 },
    ticks: { show: false },
    space: horizontal ? 56 : 34,
    values: (_, splits) => splits.map((value) => tick(value, kind)),
    ...(log
      ? {
        splits: (u: uPlot, _axis: number, min: number, max: number) => {
          const room = horizontal ? Math.floor(u.width / 52) : Math.floor(u.height / 26);
          return logMarks(min, max, Math.max(3, room));
        },
        filter: (_: uPlot, splits: number[]) => splits,
      }
      : {}),
  };
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

/** A mark's text: as in the tables, but without digits that no mark needs. */
function tick(value: number, kind: Kind): string {
  return kind === "score" || kind === "loss"
    ? String(Number(value.toPrecision(6))).replace("-", "−")
    : format(value, kind);
}

/**
 * The two horizontal axes of every chart over density: weights kept below (100 % left when
 * logarithmic or not), and the same position as compression above.
 */
export function densityAxes(palette: Palette, log: boolean): [uPlot.Axis, uPlot.Axis] {
  const below = axis(palette, { label: "Weights kept", kind: "percent", log, side: "x" });
  const above = axis(palette, { label: "Fewer weights (θ)", kind: "factor", log, side: "top" });
  return [below, {
    ...above,
    values: (_, splits) =>
      splits.map((density) => density > 0 ? format(1 / density, "factor") : ""),
  }];
}
