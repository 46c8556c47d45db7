/// <reference lib="dom" />
/**
 * Filled areas behind lines.
 *
 * @module
 */
import type uPlot from "uplot";

/** An area between two limits per position; null for a position without limits. */
export interface Area {
  limits: readonly (readonly [low: number, high: number] | null)[];
  color: string;
  /** Index of the uPlot series that the area belongs to and is hidden with. */
  series: number;
  /** Opacity of the fill; its edge has twice that. */
  alpha?: number;
}

/** Fills the areas over the positions `x`; an area at a single position is a whisker. */
export function drawAreas(areas: readonly Area[], x: readonly number[]): (u: uPlot) => void {
  return (u) => {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
    areas.forEach(({ limits, color, series, alpha = 0.13 }) => {
      if (u.series[series]?.show === false) return;
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
      u.ctx.globalAlpha = alpha;
      u.ctx.fill();
      u.ctx.globalAlpha = points.length === 1 ? 0.6 : 2 * alpha;
      u.ctx.lineWidth = devicePixelRatio;
      u.ctx.setLineDash([]);
      u.ctx.stroke();
    });
    u.ctx.restore();
  };
}
