/**
 * Word-sized graphics as inline SVG, drawn from 0 so that lengths can be compared.
 *
 * @module
 */
import type { Value } from "./data.ts";
import { type Html, html } from "./html.ts";

/** At most `count` items, evenly spread, first and last among them. */
export function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  const step = (items.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => items[Math.round(i * step)] as T);
}

/** One bar per value, the tallest full height, the last one emphasised; null leaves a gap. */
export function sparkBars(values: readonly Value[]): Html {
  const top = Math.max(0, ...values.map((value) => value ?? 0));
  const bars = values.map((value, i) => {
    if (value === null || top === 0) return null;
    const height = Math.max(0.6, (24 * Math.max(0, value)) / top);
    const last = i === values.length - 1 ? " last" : "";
    return html`
      <rect class="bar${last}" x="${i * 4}" y="${round(24 - height)}" width="3" height="${round(
        height,
      )}" />
    `;
  });
  const width = 4 * Math.max(8, values.length) - 1;
  return html`
    <svg class="spark" viewBox="0 0 ${width} 24" preserveAspectRatio="none"
      aria-hidden="true">${bars}</svg>
  `;
}

/** A line through the values from left to right, between 0 and 1; null interrupts it. */
export function sparkLine(values: readonly Value[]): Html {
  let path = "";
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = values.length === 1 ? 40 : (80 * i) / (values.length - 1);
    const y = round(22 - 20 * Math.min(1, Math.max(0, value)));
    // A stroke of length 0 draws a dot for a value without neighbours.
    path += pen ? `L${round(x)} ${y}` : `M${round(x)} ${y}h0`;
    pen = true;
  });
  return html`
    <svg class="sparkline" viewBox="-2 0 84 24" aria-hidden="true">
      <path d="${path}" />
    </svg>
  `;
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
