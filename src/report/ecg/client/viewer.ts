/// <reference lib="dom" />
/**
 * The viewer of recordings in a page: chooses a record and draws it, row by row.
 *
 * @module
 */
import { element, find } from "../../client/dom.ts";
import { fileName, saveTable, toolButton } from "../../client/figures.ts";
import { tableParts } from "../../client/table_dom.ts";
import { palette, setUpTheme } from "../../client/theme.ts";
import { format } from "../../format.ts";
import { type Layout, layOut, scaleText } from "../layout.ts";
import { unpackSamples } from "../pack.ts";
import {
  beatsText,
  disagreements,
  type EcgData,
  type PackedRecord,
  votesDiffer,
} from "../record.ts";
import { allStepsTable, stepTable } from "../tables.ts";
import { drawRow, type PaperColors, secondsAt, type Sheet } from "./paper.ts";
import { downloadPicture } from "./picture.ts";

/** Largest number of rows on the page; longer records are shown in parts. */
const ROWS = 24;

type Filter = "all" | "differ" | "wrong";

let data: EcgData = { name: "", networks: { dense: "", ticket: "" }, records: [] };
const state = { record: 0, step: -1, whole: false, part: 0, filter: "all" as Filter };
let rows: HTMLCanvasElement[] = [];
let layout: Layout | null = null;
let decoded: { record: PackedRecord; volts: Float32Array } | null = null;
let whenShown: (index: number) => void = () => {};

/**
 * Wires the parts that `recordViewer` of ecg/page.ts puts into a page.
 *
 * @param options.shown Called with a record's position whenever one is shown.
 */
export function openViewer(
  given: EcgData,
  { shown = () => {} }: { shown?: (index: number) => void } = {},
): void {
  data = given;
  whenShown = shown;
  setUpTheme(() => draw());
  setUpTools();
  setUpKeys();
  let width = 0;
  new ResizeObserver(() => {
    const now = find("#paper").clientWidth;
    if (now !== width) draw();
    width = now;
  }).observe(find("#paper"));
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button.pick") : null;
    if (!(button instanceof HTMLElement)) return;
    show(Number(button.dataset["index"]));
    find("#record").scrollIntoView();
  });
  // Recordings on which the networks differ are the most interesting, so they are shown first.
  showRecords(given.records, Math.max(0, given.records.findIndex(votesDiffer)));
}

/** Replaces the records, and shows the one at `index`. */
export function showRecords(records: PackedRecord[], index: number): void {
  data = { ...data, records };
  state.filter = "all";
  fillList();
  show(index);
}

/** Positions of the records that pass the filter. */
function listed(): number[] {
  return data.records.flatMap((record, i) => passes(record, state.filter) ? [i] : []);
}

function passes(record: PackedRecord, filter: Filter): boolean {
  if (filter === "differ") return (disagreements(record) ?? 0) > 0;
  return filter === "all" || record.classes[record.votes.ticket] !== record.truth;
}

function show(index: number): void {
  const record = data.records[index];
  if (!record) return;
  Object.assign(state, { record: index, step: -1, part: 0 });
  const { networks } = data;
  const { classes, votes, truth } = record;
  find("#record-name").textContent = record.name;
  const said = (network: string, label: number) => `${network} says ${classes[label] ?? "?"}`;
  const differ = disagreements(record);
  find("#record-about").textContent = [
    ...(truth === null ? [] : [`True class ${truth}`]),
    ...(votes.dense === null ? [] : [said(networks.dense, votes.dense)]),
    said(networks.ticket, votes.ticket),
    ...(record.overall
      ? [classes.map((name, c) => `${name} ${format(record.overall![c], "percent")}`).join(", ")]
      : []),
    ...(differ === null ? [] : [`${differ} of ${record.steps.ticket.length} steps differ`]),
    ...(record.beatsPerMinute === undefined ? [] : [beatsText(record.beatsPerMinute)]),
    `${record.seconds.toFixed(1)} s at ${record.sourceRate} samples per second`,
  ].join(" · ");
  find("#steps").replaceChildren(...tableParts(stepTable(record, networks)));
  document.querySelectorAll<HTMLElement>(".ecg-item").forEach((item) => {
    const chosen = Number(item.dataset["index"]) === index;
    item.setAttribute("aria-pressed", String(chosen));
    const list = find("#list");
    // Only the list scrolls, not the page.
    if (
      chosen && (item.offsetTop < list.scrollTop ||
        item.offsetTop + item.offsetHeight > list.scrollTop + list.clientHeight)
    ) {
      list.scrollTop = item.offsetTop - list.offsetTop;
    }
    if (chosen) list.scrollLeft = item.offsetLeft - list.offsetLeft - 8;
  });
  document.querySelectorAll<HTMLElement>("#all tr[data-index]").forEach((row) =>
    row.classList.toggle("selected", Number(row.dataset["index"]) === index)
  );
  fillClasses(record);
  draw();
  whenShown(index);
}

function draw(): void {
  const record = data.records[state.record];
  const paper = find("#paper");
  const width = paper.clientWidth;
  if (!record || width === 0) return;
  if (decoded?.record !== record) decoded = { record, volts: unpackSamples(record) };
  layout = layOut(record, { width, whole: state.whole });
  const parts = Math.ceil(layout.rows.length / ROWS);
  state.part = Math.min(state.part, parts - 1);
  const first = state.part * ROWS;
  const count = Math.min(ROWS, layout.rows.length - first);
  while (rows.length < count) rows.push(element("canvas"));
  rows = rows.slice(0, count);
  rows.forEach((canvas, i) => {
    canvas.dataset["row"] = String(first + i);
    drawRow(canvas, first + i, sheet(record, layout!, width));
  });
  if (paper.children.length !== rows.length) paper.replaceChildren(...rows);
  find("#part").hidden = parts < 2;
  find("#part-name").textContent = `Part ${state.part + 1} of ${parts}`;
  find("#scale").textContent = scaleText(layout);
  read();
}

function sheet(record: PackedRecord, laid: Layout, width: number): Sheet {
  const { step } = state;
  const { volts } = decoded!;
  return { record, volts, layout: laid, width, step, labels: data.networks, colors: colors() };
}

function colors(): PaperColors {
  const { ink, muted, accent, background, series } = palette();
  const style = getComputedStyle(document.documentElement);
  const own = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink,
    muted,
    accent,
    background,
    classes: series,
    paper: own("paper"),
    fine: own("paper-fine"),
    bold: own("paper-bold"),
  };
}

/** Shows the details of the current step. */
function read(): void {
  const record = data.records[state.record]!;
  const { step } = state;
  const readout = find("#readout");
  if (step < 0) {
    readout.textContent =
      "Point at the paper, or focus it and use the arrow keys, to read a step. " +
      "n and p go to the next and previous recording" +
      (data.records.some(({ steps }) => steps.dense !== null)
        ? ", d to the next difference."
        : ".");
    return;
  }
  const { stepSeconds, classes, steps, probabilities } = record;
  const [from, to] = [step * stepSeconds, (step + 1) * stepSeconds];
  const said = (network: "dense" | "ticket"): string[] => {
    const label = steps[network]?.[step];
    if (label === undefined) return [];
    const shares = probabilities[network]?.[step];
    const detail = shares
      ? ` (${classes.map((name, c) => `${name} ${format(shares[c], "percent")}`).join(", ")})`
      : "";
    return [`${data.networks[network]}: ${classes[label] ?? "?"}${detail}`];
  };
  readout.textContent = `Step ${step + 1}, ${from.toFixed(2)} to ${to.toFixed(2)} s. ` +
    [...said("dense"), ...said("ticket")].join(". ");
}

/** Goes to a step; with `tell`, a screen reader announces it. */
function readStep(step: number, tell: boolean): void {
  const record = data.records[state.record]!;
  const next = Math.min(record.steps.ticket.length - 1, Math.max(-1, step));
  if (next === state.step) return;
  state.step = next;
  if (layout && next >= 0) {
    const row = layout.rows.findIndex(({ to }) => next * record.stepSeconds < to - 1e-6);
    const part = Math.floor(Math.max(0, row) / ROWS);
    if (part !== state.part) state.part = part;
  }
  draw();
  if (tell && next >= 0) {
    find("#live").textContent = find("#readout").textContent;
    const at = rows.find((canvas) =>
      layout!.rows[Number(canvas.dataset["row"])]!.to > next * record.stepSeconds + 1e-6
    );
    at?.scrollIntoView({ block: "nearest" });
  }
}

function fillList(): void {
  const count = (filter: Filter) => data.records.filter((record) => passes(record, filter)).length;
  const hasDense = data.records.some(({ steps }) => steps.dense !== null);
  const hasTruth = data.records.some(({ truth }) => truth !== null);
  const choices: [Filter, string][] = [
    ["all", "All"],
    ...(hasDense ? [["differ", "Differ"] as [Filter, string]] : []),
    ...(hasTruth ? [["wrong", "Wrong"] as [Filter, string]] : []),
  ];
  const buttons = choices.map(([filter, label]) => {
    const title = {
      all: "Show all recordings",
      differ: `Show recordings of which ${data.networks.dense} and ${data.networks.ticket} label ` +
        "steps differently",
      wrong: `Show recordings that ${data.networks.ticket} labels wrongly`,
    }[filter];
    const button = toolButton(`${label} ${count(filter)}`, title, () => {
      state.filter = filter;
      press();
      const left = listed();
      if (!left.includes(state.record) && left[0] !== undefined) show(left[0]);
    });
    button.disabled = count(filter) === 0;
    return { filter, button };
  });
  const items = data.records.map((record, index) => item(record, index));
  const press = () => {
    buttons.forEach(({ filter, button }) =>
      button.setAttribute("aria-pressed", String(filter === state.filter))
    );
    const left = new Set(listed());
    items.forEach((node, i) => node.hidden = !left.has(i));
  };
  find("#list").replaceChildren(...items);
  const group = { class: "segments", role: "group" };
  find("#filters").replaceChildren(
    ...(buttons.length > 1 ? [element("span", group, buttons.map(({ button }) => button))] : []),
  );
  press();
}

function item(record: PackedRecord, index: number): HTMLElement {
  const { votes, classes, truth } = record;
  const name = (label: number | null) => label === null ? null : classes[label] ?? "?";
  const said = [
    ...(truth === null ? [] : [`true ${truth}`]),
    ...(votes.dense === null ? [] : [`${data.networks.dense} ${name(votes.dense)}`]),
    `${data.networks.ticket} ${name(votes.ticket)}`,
  ].join(" · ");
  return element("button", {
    type: "button",
    class: "ecg-item",
    "data-index": index,
    "aria-pressed": "false",
    onclick: () => show(index),
  }, [
    element("b", {}, [record.name]),
    element("small", votesDiffer(record) ? { class: "differs" } : {}, [said]),
  ]);
}

function setUpTools(): void {
  const whole = toolButton("Whole recording in one row", "Compress the time to the width", () => {
    state.whole = !state.whole;
    whole.setAttribute("aria-pressed", String(state.whole));
    draw();
  });
  whole.setAttribute("aria-pressed", "false");
  const turn = (by: number) => () => {
    state.part = Math.max(0, state.part + by);
    draw();
  };
  const name = fileName(data.name);
  find("#record-tools").append(
    toolButton("‹", "Previous recording (p)", () => move(-1)),
    toolButton("›", "Next recording (n)", () => move(1)),
    whole,
    element("span", { id: "part", class: "segments" }, [
      toolButton("‹ part", "Earlier part of the recording", turn(-1)),
      element("span", { id: "part-name", class: "small" }),
      toolButton("part ›", "Later part of the recording", turn(1)),
    ]),
    element("span", { class: "spring" }),
    toolButton("PNG", "Save what is shown of the recording as a picture", savePicture),
    toolButton("CSV", "Save the steps of all recordings", () => {
      saveTable(`${name}-steps.csv`, allStepsTable(data));
    }),
  );
  const paper = find("#paper");
  paper.addEventListener("pointermove", (event) => {
    const canvas = event.target;
    if (!(canvas instanceof HTMLCanvasElement) || !layout) return;
    const record = data.records[state.record]!;
    const at = secondsAt(event.offsetX, Number(canvas.dataset["row"]), layout);
    readStep(at < 0 ? -1 : Math.floor(at / record.stepSeconds + 1e-9), false);
  });
}

/** Goes to the next or previous recording that passes the filter. */
function move(by: number): void {
  const left = listed();
  const at = left.indexOf(state.record);
  const next = left[Math.min(left.length - 1, Math.max(0, at + by))];
  if (next !== undefined && next !== state.record) show(next);
}

function setUpKeys(): void {
  find("#paper").addEventListener("keydown", (event) => {
    const last = data.records[state.record]!.steps.ticket.length - 1;
    const to = ({
      ArrowRight: state.step + 1,
      ArrowLeft: Math.max(0, state.step - 1),
      Home: 0,
      End: last,
    } as Record<string, number>)[event.key];
    if (to === undefined) return;
    event.preventDefault();
    readStep(Math.min(last, to), true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) {
      return;
    }
    if (event.key === "n") move(1);
    else if (event.key === "p") move(-1);
    else if (event.key === "d") nextDifference();
    else return;
    if (event.key !== "d") {
      find("#live").textContent = `${find("#record-name").textContent}: ` +
        find("#record-about").textContent;
    }
  });
}

/** Goes to the next step that the networks label differently, in this recording or a later listed one. */
function nextDifference(): void {
  const after = (record: PackedRecord, step: number) =>
    record.steps.ticket.findIndex((label, i) => i > step && record.steps.dense?.[i] !== label);
  const left = listed().filter((i) => i >= state.record && data.records[i]!.steps.dense !== null);
  for (const index of left) {
    const found = after(data.records[index]!, index === state.record ? state.step : -1);
    if (found < 0) continue;
    if (index !== state.record) show(index);
    readStep(found, true);
    return;
  }
  find("#live").textContent = "No further difference.";
}

function fillClasses({ classes }: PackedRecord): void {
  const { classes: shades } = colors();
  find("#classes").replaceChildren(...classes.map((name, c) => {
    const swatch = element("span", { class: "swatch" });
    swatch.style.setProperty("--color", shades[c % shades.length] ?? "");
    return element("span", {}, [swatch, name]);
  }));
}

function savePicture(): void {
  const { name } = data.records[state.record]!;
  downloadPicture({ name, scale: find("#scale").textContent ?? "", rows, colors: colors() });
}
