/// <reference lib="dom" />
/**
 * One small chart per layer of its density over the rounds; all have the same scale.
 *
 * @module
 */
import type { Palette } from "../charts/chart.ts";
import type { ReportData } from "../data.ts";
import { format } from "../format.ts";
import { element, svg } from "./dom.ts";

const WIDTH = 120;
const HEIGHT = 54;

/** Rounds drawn per layer at most. */
const MAX_POINTS = 80;

/** The inputs of the small charts. */
export interface MultiplesView {
  selected: number;
  palette: Palette;
  select(round: number): void;
}

/**
 * A grid of charts whose vertical axis is the logarithm of the density, from 1 down to the smallest of any
 * layer; the faint line is the density of all layers together.
 */
export function layerMultiples(data: ReportData, view: MultiplesView): HTMLElement[] {
  const { rounds, layers } = data;
  const shown = pointsOf(rounds.length, view.selected);
  const densityOf = (layer: number, i: number): number | null => {
    const [kept, size] = [rounds[i]?.layers[layer] ?? null, layers[layer]?.size ?? 0];
    return kept === null || size === 0 ? null : kept / size;
  };
  let least = 0.5;
  layers.forEach((_, layer) =>
    shown.forEach((i) => {
      const density = densityOf(layer, i);
      if (density !== null && density > 0) least = Math.min(least, density);
    })
  );
  const x = (i: number) =>
    rounds.length < 2 ? WIDTH / 2 : 3 + (WIDTH - 6) * i / (rounds.length - 1);
  // A layer without weights lies on the lower edge.
  const y = (density: number) =>
    density <= 0 ? HEIGHT - 2 : 3 + (HEIGHT - 8) * Math.log(density) / Math.log(least);
  const line = (value: (i: number) => number | null) => {
    let pen = false;
    return shown.map((i) => {
      const density = value(i);
      if (density === null) {
        pen = false;
        return "";
      }
      const point = `${pen ? "L" : "M"}${x(i).toFixed(1)} ${y(density).toFixed(1)}${
        pen ? "" : "h0"
      }`;
      pen = true;
      return point;
    }).join("");
  };
  const mean = line((i) => rounds[i]?.density ?? null);
  return layers.map((layer, at) => {
    const now = densityOf(at, view.selected);
    const kept = rounds[view.selected]?.layers[at] ?? null;
    return element("div", { class: "multiple" }, [
      element("b", { title: layer.name }, [layer.name.replace(/\.weight$/, "")]),
      svg("svg", {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        role: "img",
        "aria-label":
          `Density of ${layer.name} over the rounds; ${format(now, "percent")} in the ` +
          `chosen one`,
        onclick: (event) => {
          const box = (event.currentTarget as Element).getBoundingClientRect();
          const share = ((event as MouseEvent).clientX - box.left) / Math.max(1, box.width);
          view.select(Math.round(share * (rounds.length - 1)));
        },
      }, [
        svg("path", { d: mean, class: "all" }),
        svg("path", { d: line((i) => densityOf(at, i)), class: "own" }),
        ...(now === null ? [] : [svg("circle", { cx: x(view.selected), cy: y(now), r: 3 })]),
      ]),
      element("small", {}, [`${format(now, "percent")}, ${format(kept, "integer")} kept`]),
    ]);
  });
}

/** Positions that are drawn: evenly spread, the selected one among them. */
export function pointsOf(count: number, selected: number): number[] {
  if (count <= MAX_POINTS) return Array.from({ length: count }, (_, i) => i);
  const spread = Array.from(
    { length: MAX_POINTS },
    (_, i) => Math.round(i * (count - 1) / (MAX_POINTS - 1)),
  );
  return [...new Set([...spread, selected])].sort((a, b) => a - b);
}
