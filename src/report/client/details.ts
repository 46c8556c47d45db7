/// <reference lib="dom" />
/**
 * The details of one round: its confusion matrices beside those of the dense network, layers, epochs.
 *
 * @module
 */
import { rampColor } from "../charts/chart.ts";
import type { Palette } from "../charts/chart.ts";
import type { FilterCounts, ReportData, RoundData, Split, SplitData } from "../data.ts";
import { format } from "../format.ts";
import { epochTable } from "../tables.ts";
import { filtersAreCounted } from "../tickets.ts";
import { element, svg } from "./dom.ts";
import { tableParts } from "./table_dom.ts";

/** History cells drawn per layer at most. */
const MAX_CELLS = 40;

/** A confusion matrix with recall and F1 per class; rows are true classes. */
export function confusionMatrix(classes: readonly string[], scores: SplitData): HTMLElement {
  const head = element("tr", {}, [
    element("th", { class: "corner" }, ["true ↓ predicted →"]),
    ...classes.map((name) => element("th", { scope: "col", title: name }, [name])),
    element("th", { scope: "col", class: "extra recall" }, ["recall"]),
    element("th", { scope: "col", class: "extra" }, ["F1"]),
  ]);
  const rows = scores.confusion.map((counts, i) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const share = (count: number) => total > 0 ? count / total : null;
    return element("tr", {}, [
      element("th", { scope: "row", title: classes[i] ?? "" }, [classes[i] ?? ""]),
      ...counts.map((count, j) => {
        const cell = element("td", {
          class: count === 0 ? "zero" : i === j ? "hit" : "miss",
          "data-value": count,
        }, [
          element("b", {}, [String(count)]),
          element("small", {}, [count > 0 ? format(share(count), "percent") : ""]),
        ]);
        cell.style.setProperty("--share", String(share(count) ?? 0));
        return cell;
      }),
      element("td", { class: "extra recall" }, [format(share(counts[i] ?? 0), "percent")]),
      element("td", { class: "extra" }, [format(scores.f1[i] ?? null, "score")]),
    ]);
  });
  return element("table", { class: "confusion" }, [
    element("thead", {}, [head]),
    element("tbody", {}, rows),
  ]);
}

/** One matrix with a title, or the reason why it is missing. */
export function confusionPanel(
  data: ReportData,
  round: RoundData | undefined,
  { split, heading }: { split: Split; heading: string },
): HTMLElement {
  const scores = round?.[split] ?? null;
  const about = scores
    ? `${data.metric} ${format(scores.score, "score")}, accuracy ${
      format(scores.accuracy, "percent")
    }, ${format(scores.records, "integer")} records`
    : split === "afterPruning"
    ? "Nothing was pruned before this round."
    : "Not scored on this split.";
  const scroll = { class: "scroll plain", tabindex: 0, role: "region", "aria-label": heading };
  return element("div", { class: "panel" }, [
    element("h4", {}, [heading]),
    element("p", { class: "muted small" }, [about]),
    ...(scores ? [element("div", scroll, [confusionMatrix(data.classes, scores)])] : []),
  ]);
}

/** Every layer with the weights that the round keeps of it and its history over the rounds, if there are several. */
export function layerRows(
  data: ReportData,
  { selected, palette, select }: {
    selected: number;
    palette: Palette;
    select: (round: number) => void;
  },
): HTMLElement[] {
  const round = data.rounds[selected];
  const cells = historyRounds(data.rounds.length, selected);
  const least = leastDensity(data);
  const idle = filtersAreCounted(data);
  return data.layers.map((layer, i) => {
    const kept = round?.layers[i] ?? null;
    const density = kept === null || layer.size === 0 ? null : kept / layer.size;
    const bar = element("span", { class: "meter", "aria-hidden": "true" });
    bar.style.setProperty("--share", String(density ?? 0));
    bar.style.setProperty("--mean", String(round?.density ?? 0));
    return element("tr", {}, [
      element("th", { scope: "row", title: layer.name }, [layer.name.replace(/\.weight$/, "")]),
      element("td", { class: "text shape" }, [layer.shape.join(" × ")]),
      element("td", { "data-value": layer.size }, [format(layer.size, "integer")]),
      element("td", { "data-value": kept }, [format(kept, "integer")]),
      element("td", { "data-value": density, class: "density" }, [
        bar,
        element("span", {}, [format(density, "percent")]),
      ]),
      ...(idle ? [idleCell(round?.filters ?? null, i)] : []),
      ...(data.rounds.length < 2 ? [] : [element("td", { class: "history" }, [
        history(data, { layer: i, cells, least, selected, palette, select }),
      ])]),
    ]);
  });
}

/** The number of constant or of unused filters of a layer, whichever is larger, since a filter can be both. */
function idleCell(counts: FilterCounts | null, layer: number): HTMLElement {
  const of = (key: keyof FilterCounts) => counts?.[key][layer] ?? null;
  const [constant, unused, filters] = [of("constant"), of("unused"), of("filters")];
  const known = constant !== null && unused !== null;
  return element("td", {
    class: "idle",
    title: known
      ? `${constant} constant, ${unused} unused of ${format(filters, "integer")} filters`
      : "",
  }, [
    known
      ? `${Math.max(constant, unused)} of ${format(filters, "integer")}`
      : format(null, "integer"),
  ]);
}

/** The smallest density above 0 of any layer in any round; always below 1, so that a scale can end there. */
function leastDensity({ rounds, layers }: ReportData): number {
  let least = 0.5;
  for (const round of rounds) {
    layers.forEach(({ size }, i) => {
      const kept = round.layers[i] ?? 0;
      if (kept > 0 && size > 0) least = Math.min(least, kept / size);
    });
  }
  return least;
}

/** Positions of the rounds that a history shows: all, or evenly spread ones and the selected one. */
export function historyRounds(count: number, selected: number): number[] {
  if (count <= MAX_CELLS) return Array.from({ length: count }, (_, i) => i);
  const spread = Array.from(
    { length: MAX_CELLS },
    (_, i) => Math.round((i * (count - 1)) / (MAX_CELLS - 1)),
  );
  return [...new Set([...spread, selected])].sort((a, b) => a - b);
}

/** A strip of cells, one per round, coloured by the logarithm of the density. */
function history(
  data: ReportData,
  { layer, cells, least, selected, palette, select }: {
    layer: number;
    cells: number[];
    least: number;
    selected: number;
    palette: Palette;
    select: (round: number) => void;
  },
): SVGElement {
  const size = data.layers[layer]?.size ?? 0;
  const rects = cells.map((index, x) => {
    const round = data.rounds[index];
    const kept = round?.layers[layer] ?? null;
    const density = kept === null || size === 0 ? 0 : kept / size;
    const depth = Math.log(Math.max(density, least)) / Math.log(least);
    const title = svg("title");
    title.textContent = `Round ${round?.round}: ${format(density, "percent")} kept`;
    return svg("rect", {
      x: x * 10,
      y: index === selected ? 0 : 3,
      width: 9,
      height: index === selected ? 20 : 14,
      fill: density === 0 ? palette.grid : rampColor(palette, depth),
      onclick: () => select(index),
    }, [title]);
  });
  const width = cells.length * 10;
  return svg("svg", {
    viewBox: `0 0 ${width} 20`,
    preserveAspectRatio: "none",
    class: "strip",
    role: "img",
    "aria-label": `Density of ${data.layers[layer]?.name} over the rounds`,
  }, rects);
}

/** The head and body of the selected round's epochs. */
export function epochRows(round: RoundData): HTMLElement[] {
  return tableParts(epochTable(round));
}
