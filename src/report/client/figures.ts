/// <reference lib="dom" />
/**
 * The page's charts with their switches, legends and downloads.
 *
 * @module
 */
import type { Chart, Palette, View } from "../charts/chart.ts";
import { csvText } from "../csv.ts";
import { format } from "../format.ts";
import type { Table } from "../tables.ts";
import { download, element, find } from "./dom.ts";
import { tableParts } from "./table_dom.ts";
import { drawPlot, type Plot, savePicture } from "./plot.ts";

/** What a figure can show. The first variant and `log` are the initial state. */
export interface FigureKind<Data> {
  build(data: Data, view: View): Chart;
  table(data: Data): Table;
  log: boolean | null;
  logLabel: string;
  variants(data: Data): [id: string, label: string][];
}

/** The parts that all figures share. */
export interface FigureContext<Data extends { name: string }> {
  data: Data;
  /** Kinds of figures by their `data-figure` attribute. */
  kinds: Record<string, FigureKind<Data>>;
  palette(): Palette;
  selected(): number;
  /** Shows the details of a round. */
  select(round: number): void;
}

/** Puts switches, plot and legend into `figure`; returns the function that redraws it. */
export function setUpFigure<Data extends { name: string }>(
  figure: HTMLElement,
  context: FigureContext<Data>,
): () => void {
  const id = figure.dataset["figure"] ?? "";
  const kind = context.kinds[id];
  if (!kind) throw new Error(`The page has an unknown figure ${id}`);
  const { data } = context;
  const title = find("h3", figure).textContent ?? id;
  const host = find(".plot", figure);
  const legend = find(".legend", figure);
  const readout = find(".readout", figure);
  const variants = kind.variants(data);
  const state = {
    log: kind.log ?? false,
    variant: variants[0]?.[0] ?? "",
    hidden: new Set<string>(),
  };
  let plot: Plot | null = null;
  let chart: Chart | null = null;

  const draw = () => {
    plot?.remove();
    const view = {
      palette: context.palette(),
      log: state.log,
      variant: state.variant,
      selected: context.selected(),
    };
    const drawn = chart = kind.build(data, view);
    drawn.legend.forEach(({ label }, i) => {
      const series = drawn.options.series[i + 1];
      if (series) series.show = !state.hidden.has(label);
    });
    const show = fillLegend(drawn, { legend, readout, title, context, state, redraw: draw });
    plot = drawPlot(host, drawn, {
      start: drawn.rounds.indexOf(view.selected),
      hover: show,
      pick: (index) => {
        const round = drawn.rounds[index];
        if (round != null) context.select(round);
      },
    });
  };

  find(".tools", figure).append(
    ...variantButtons(variants, state, draw),
    ...(kind.log === null ? [] : [logButton(kind.logLabel, state, draw)]),
    element("span", { class: "spring" }),
    toolButton("PNG", `Save the chart “${title}” as a picture`, () => {
      if (!plot || !chart) return;
      const { ink, background } = context.palette();
      savePicture(plot, chart, {
        title,
        name: `${fileName(data.name)}-${id}.png`,
        ink,
        background,
      });
    }),
    toolButton("CSV", `Save the numbers of “${title}”`, () => {
      saveTable(`${fileName(data.name)}-${id}.csv`, kind.table(data));
    }),
  );
  fillWhenOpened(figure, context, () => kind.table(data));
  return draw;
}

/** Makes a long table when its section is opened for the first time. */
function fillWhenOpened(
  figure: HTMLElement,
  context: { selected(): number },
  table: () => Table,
): void {
  const late = figure.querySelector<HTMLElement>("table.late");
  late?.closest("details")?.addEventListener("toggle", () => {
    if (late.children.length > 0) return;
    late.replaceChildren(...tableParts(table(), { pick: late.dataset["pick"] === "true" }));
    late.querySelector(`tr[data-index="${context.selected()}"]`)?.classList.add("selected");
  });
}

/** Offers `table` as a CSV file. */
export function saveTable(name: string, table: Table): void {
  download(name, new Blob([csvText(table)], { type: "text/csv" }));
}

/** `name`, changed so that it is safe as a file name. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, "_").slice(0, 80) || "run";
}

/** A small button of a figure's tool row. */
export function toolButton(label: string, title: string, click: () => void): HTMLButtonElement {
  return element("button", { type: "button", class: "tool", title, onclick: click }, [label]);
}

function variantButtons(
  variants: [string, string][],
  state: { variant: string },
  draw: () => void,
): HTMLElement[] {
  if (variants.length < 2) return [];
  const buttons = variants.map(([id, label]) => {
    const button = toolButton(label, `Show: ${label}`, () => {
      state.variant = id;
      press();
      draw();
    });
    return { id, button };
  });
  const press = () =>
    buttons.forEach(({ id, button }) =>
      button.setAttribute("aria-pressed", String(state.variant === id))
    );
  press();
  return [element("span", { class: "segments", role: "group" }, buttons.map((b) => b.button))];
}

function logButton(label: string, state: { log: boolean }, draw: () => void): HTMLElement {
  const button = toolButton(label, "Switch between logarithmic and linear", () => {
    state.log = !state.log;
    button.setAttribute("aria-pressed", String(state.log));
    draw();
  });
  button.setAttribute("aria-pressed", String(state.log));
  return button;
}

/** Fills the legend; returns the function that shows the values at a position. */
function fillLegend(
  chart: Chart,
  { legend, readout, title, context, state, redraw }: {
    legend: HTMLElement;
    readout: HTMLElement;
    title: string;
    context: { selected(): number; select(round: number): void };
    state: { hidden: Set<string> };
    redraw: () => void;
  },
): (index: number | null, keyboard: boolean) => void {
  const items = chart.legend.map((entry) => {
    const value = element("span", { class: "value" });
    const swatch = element("span", { class: entry.dash ? "swatch dashed" : "swatch" });
    swatch.style.setProperty("--color", entry.color);
    const pressed = entry.round === null
      ? !state.hidden.has(entry.label)
      : entry.round === context.selected();
    const button = element("button", {
      type: "button",
      class: entry.round === null ? "entry" : "entry round",
      "aria-pressed": String(pressed),
      title: entry.round === null ? "Show or hide this line" : "Show this round’s details",
      onclick: () => {
        if (entry.round !== null) return context.select(entry.round);
        if (!state.hidden.delete(entry.label)) state.hidden.add(entry.label);
        redraw();
      },
      "data-label": entry.label,
    }, [swatch, element("span", { class: "name" }, [entry.label]), value]);
    return { entry, button, value };
  });
  const focused = document.activeElement;
  const label = focused instanceof HTMLElement && legend.contains(focused)
    ? focused.dataset["label"]
    : undefined;
  legend.replaceChildren(readout, ...items.map((item) => item.button));
  if (label !== undefined) items.find(({ entry }) => entry.label === label)?.button.focus();
  const selectedAt = chart.rounds.indexOf(context.selected());
  const resting = selectedAt >= 0 ? selectedAt : chart.positions.length - 1;
  const show = (index: number | null, keyboard: boolean) => {
    const at = index ?? resting;
    readout.textContent = chart.positions[at] ?? "";
    items.forEach(({ entry, value }, i) => {
      value.textContent = format(chart.data[i + 1]?.[at] ?? null, entry.kind);
    });
    if (keyboard) {
      const values = items.map(({ entry, value }) => `${entry.label} ${value.textContent}`);
      find("#live").textContent = `${title}: ${chart.positions[at]}: ${values.join(", ")}`;
    }
  };
  show(null, false);
  return show;
}
