/// <reference lib="dom" />
/**
 * Draws a chart on a canvas, handles its size, pointer and keyboard, and saves it as a picture.
 *
 * @module
 */
import type uPlotType from "uplot";
import type { Chart } from "../charts/chart.ts";
import { download } from "./dom.ts";

declare const uPlot: typeof uPlotType;

/** Events that a plot reports to the page. */
export interface PlotEvents {
  /** The position at which keyboard navigation starts; -1 for either end. */
  start: number;
  /** The position under the pointer or reached by keyboard; null when the pointer leaves. */
  hover(index: number | null, keyboard: boolean): void;
  /** A position was clicked or confirmed with Enter. */
  pick(index: number): void;
}

/** A drawn chart. */
export interface Plot {
  uplot: uPlotType;
  remove(): void;
}

/** Draws `chart` into `host`, which must be laid out and focusable. */
export function drawPlot(host: HTMLElement, chart: Chart, events: PlotEvents): Plot {
  const stop = new AbortController();
  const { signal } = stop;
  let byKeyboard = false;
  const size = () => ({ width: Math.max(200, host.clientWidth), height: host.clientHeight });
  const uplot = new uPlot(
    {
      ...chart.options,
      ...size(),
      hooks: {
        ...chart.options.hooks,
        setCursor: [(u) => {
          const outside = !byKeyboard && (u.cursor.left ?? -1) < 0;
          events.hover(outside ? null : u.cursor.idx ?? null, byKeyboard);
        }],
      },
    },
    chart.data as uPlotType.AlignedData,
    host,
  );
  const observer = new ResizeObserver(() => {
    const { width, height } = size();
    if (width !== uplot.width || height !== uplot.height) uplot.setSize({ width, height });
  });
  observer.observe(host);

  uplot.over.addEventListener("click", () => {
    if (uplot.cursor.idx != null) events.pick(uplot.cursor.idx);
  }, { signal });
  host.addEventListener("keydown", (event) => {
    const positions = chart.data[0] ?? [];
    const now = uplot.cursor.idx ?? events.start;
    if ((event.key === "Enter" || event.key === " ") && now >= 0) {
      event.preventDefault();
      events.pick(now);
      return;
    }
    const reversed = chart.options.scales?.["x"]?.dir === -1;
    const next = stepTo(event.key, { now, count: positions.length, reversed });
    const x = positions[next ?? -1];
    if (next === null || x === undefined || x === null) return;
    event.preventDefault();
    byKeyboard = true;
    uplot.setCursor({ left: uplot.valToPos(x, "x"), top: 10 });
    byKeyboard = false;
  }, { signal });
  host.addEventListener("blur", () => uplot.setCursor({ left: -10, top: -10 }), { signal });

  return {
    uplot,
    remove() {
      stop.abort();
      observer.disconnect();
      uplot.destroy();
    },
  };
}

/** The position an arrow key leads to, as seen on the screen; null for other keys. */
export function stepTo(
  key: string,
  { now, count, reversed }: { now: number; count: number; reversed: boolean },
): number | null {
  const [left, right] = reversed ? [count - 1, 0] : [0, count - 1];
  const towardsRight = reversed ? -1 : 1;
  if (count === 0) return null;
  if (key === "Home") return left;
  if (key === "End") return right;
  if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
  if (now < 0) return key === "ArrowRight" ? left : right;
  const next = now + (key === "ArrowRight" ? towardsRight : -towardsRight);
  return Math.min(count - 1, Math.max(0, next));
}

/** Saves the chart with its title and legend as a PNG. */
export function savePicture(
  plot: Plot,
  chart: Chart,
  { title, name, ink, background }: {
    title: string;
    name: string;
    ink: string;
    background: string;
  },
): void {
  const drawn = plot.uplot.ctx.canvas;
  const scale = devicePixelRatio;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!context) return;
  const font = `${13 * scale}px system-ui, sans-serif`;
  const [margin, line] = [12 * scale, 22 * scale];
  context.font = font;
  const rows = legendRows(chart, {
    width: drawn.width - 2 * margin,
    measure: (text) => context.measureText(text).width + 36 * scale,
  });
  canvas.width = drawn.width;
  canvas.height = drawn.height + line * (rows.length + 1) + 3 * margin;
  context.fillStyle = background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = ink;
  context.font = `600 ${15 * scale}px system-ui, sans-serif`;
  context.fillText(title, margin, margin + 15 * scale);
  context.drawImage(drawn, 0, line + margin);
  context.font = font;
  rows.forEach((row, i) => {
    const y = drawn.height + line * (i + 1) + 2.4 * margin;
    row.forEach(({ at, label, color }) => {
      context.fillStyle = color;
      context.fillRect(margin + at, y - 6 * scale, 18 * scale, 3 * scale);
      context.fillStyle = ink;
      context.fillText(label, margin + at + 24 * scale, y);
    });
  });
  canvas.toBlob((blob) => {
    if (blob) download(name, blob);
  });
}

/** Legend entries broken into lines that fit. */
function legendRows(
  { legend }: Chart,
  { width, measure }: { width: number; measure: (text: string) => number },
): { at: number; label: string; color: string }[][] {
  const rows: { at: number; label: string; color: string }[][] = [];
  let at = Infinity;
  for (const { label, color } of legend) {
    const needed = measure(label);
    if (at + needed > width) {
      rows.push([]);
      at = 0;
    }
    rows[rows.length - 1]?.push({ at, label, color });
    at += needed;
  }
  return rows;
}
