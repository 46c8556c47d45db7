/// <reference lib="dom" />
/**
 * The report page's script: draws the charts and shows the selected round everywhere.
 *
 * @module
 */
import { denseOf, onlyNetwork, type ReportData, type RoundData, type Split } from "../data.ts";
import { format } from "../format.ts";
import { SPLIT_NAMES, splitsOf } from "../network_tables.ts";
import { allLayersTable, confusionTable } from "../tables.ts";
import { confusionPanel, epochRows, layerRows } from "./details.ts";
import { element, find } from "./dom.ts";
import { fileName, saveTable, setUpFigure, toolButton } from "./figures.ts";
import { layerMultiples } from "./multiples.ts";
import { RUN_FIGURES } from "./run_figures.ts";
import { palette, setUpTheme } from "./theme.ts";

const data = JSON.parse(find("#data").textContent ?? "null") as ReportData;
const alone = onlyNetwork(data);
let selected = Math.max(0, data.rounds.length - 1);
let split: Split = data.rounds.some((round) => round.test) ? "test" : "dev";
const ofAll = alone ? "" : " of all rounds";
let redraws: (() => void)[] = [];
let scheduled = false;

setUpTheme(drawAll);
if (data.rounds.length > 0) {
  redraws = [...document.querySelectorAll<HTMLElement>("[data-figure]")].map((figure) =>
    setUpFigure(figure, { data, kinds: RUN_FIGURES, palette, selected: () => selected, select })
  );
  if (!alone) setUpRoundBar();
  setUpConfusion();
  setUpLayers();
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button.pick") : null;
    if (button instanceof HTMLElement) select(Number(button.dataset["index"]));
  });
  drawAll();
}
document.documentElement.dataset["ready"] = "true";

/** Shows the details of a round; `round` is its position in `data.rounds`. */
function select(round: number): void {
  selected = Math.min(data.rounds.length - 1, Math.max(0, round));
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(drawAll);
}

function drawAll(): void {
  scheduled = false;
  redraws.forEach((draw) => draw());
  if (data.rounds.length > 0) drawDetails();
}

function drawDetails(): void {
  const round = data.rounds[selected];
  if (!round) return;
  if (!alone) drawChoice(round);
  drawConfusion(round);
  find("#layer-rows").replaceChildren(
    ...layerRows(data, { selected, palette: palette(), select }),
  );
  document.querySelectorAll(".epoch-rows").forEach((table) =>
    table.replaceChildren(...epochRows(round))
  );
}

/** Shows which round is chosen, and what shows the choice among all rounds. */
function drawChoice(round: RoundData): void {
  const slider = find("#round") as HTMLInputElement;
  slider.value = String(selected);
  const score = round.test ?? round.dev;
  const about = `${format(round.density, "percent")} kept · ${round.test ? "test" : "dev"} ${
    format(score.score, "score")
  }`;
  slider.setAttribute("aria-valuetext", `Round ${round.round}, ${about}`);
  find("#round-name").textContent = `Round ${round.round}`;
  find("#round-about").textContent = about;
  document.querySelectorAll("[data-round-name]").forEach((node) => {
    node.textContent = `round ${round.round}`;
  });
  document.querySelectorAll<HTMLElement>("tr[data-index]").forEach((row) => {
    row.classList.toggle("selected", Number(row.dataset["index"]) === selected);
  });

  find("#layer-multiples").replaceChildren(
    ...layerMultiples(data, { selected, palette: palette(), select }),
  );
}

/** The matrices of the dense network, if there is one, and of the chosen round; of an only network those of all splits. */
function drawConfusion(round: RoundData): void {
  const dense = denseOf(data.rounds);
  const panels = alone
    ? splitsOf(alone).map((each) =>
      confusionPanel(data, alone, { split: each, heading: SPLIT_NAMES[each] })
    )
    : [
      ...(dense ? [confusionPanel(data, dense, { split, heading: "Round 0 (dense)" })] : []),
      ...(round === dense ? [] : [
        confusionPanel(data, round, {
          split,
          heading: `Round ${round.round} (${format(round.density, "percent")} kept)`,
        }),
      ]),
    ];
  find("#confusions").replaceChildren(...panels);
}

function setUpRoundBar(): void {
  const slider = find("#round") as HTMLInputElement;
  slider.addEventListener("input", () => select(Number(slider.value)));
  find("#previous").addEventListener("click", () => select(selected - 1));
  find("#next").addEventListener("click", () => select(selected + 1));
}

function setUpConfusion(): void {
  const choices = (Object.keys(SPLIT_NAMES) as Split[]).filter((id) =>
    id !== "test" || split === "test"
  );
  const buttons = (alone ? [] : choices).map((id) => {
    const label = SPLIT_NAMES[id];
    const button = toolButton(label, `Show: ${label}`, () => {
      split = id;
      press();
      drawDetails();
    });
    return { id, button };
  });
  const press = () =>
    buttons.forEach(({ id, button }) => button.setAttribute("aria-pressed", String(split === id)));
  press();
  find("#confusion-tools").append(
    ...(alone
      ? []
      : [element("span", { class: "segments", role: "group" }, buttons.map((b) => b.button))]),
    element("span", { class: "spring" }),
    toolButton("CSV", `Save the confusion matrices${ofAll}`, () => {
      saveTable(`${fileName(data.name)}-confusion.csv`, confusionTable(data));
    }),
  );
}

function setUpLayers(): void {
  find("#layer-tools").append(
    element("span", { class: "spring" }),
    toolButton("CSV", `Save the weights kept per layer${ofAll}`, () => {
      saveTable(`${fileName(data.name)}-layers.csv`, allLayersTable(data));
    }),
  );
}
