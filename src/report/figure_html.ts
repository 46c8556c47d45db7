/**
 * The HTML element of a chart.
 *
 * @module
 */
import { type Html, html } from "./html.ts";
import { tableHtml } from "./table_html.ts";
import type { Table } from "./tables.ts";

/** The figures of a run's report; `client/run_figures.ts` draws each. */
export type RunFigureId =
  | "scores"
  | "classes"
  | "reliability"
  | "curveScore"
  | "curveLoss"
  | "curveDensity"
  | "costs"
  | "filters"
  | "untrained"
  | "barrier"
  | "barrierLine"
  | "overlap"
  | "speed";

/** The parts around a chart. */
export interface Figure {
  title: string;
  note: string;
  /** The numbers of the chart, folded away below it. */
  table?: Table;
  /** Whether there is a table of epochs: those of the chosen round, or all of a run with one round. */
  epochs?: "round" | "all";
  tall?: boolean;
  /** Whether positions and rows of the table are rounds that can be chosen. */
  pick?: boolean;
}

/** The element of the chart that the page's script knows as `id`, one of the page's own. */
export function figure<Id extends string = RunFigureId>(
  id: NoInfer<Id>,
  { title, note, table, epochs, tall = false, pick = true }: Figure,
): Html {
  const keys = `arrow keys read values${pick ? ", Enter shows a round" : ""}`;
  return html`
    <figure class="card" data-figure="${id}">
      <figcaption><h3>${title}</h3><p class="note">${note}</p></figcaption>
      <div class="tools"></div>
      <div class="plot${tall
        ? " tall"
        : ""}" tabindex="0" role="group" aria-label="${title}: ${keys}"></div>
      <div class="legend"><span class="readout"></span></div>
      ${table ? tableBelow(table, { title, pick }) : null}
      ${epochs
        ? html`
          <details>
            <summary>Table${epochs === "round"
              ? html`
                of <span data-round-name></span>
              `
              : " of the epochs"}</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="${title}">
              <table class="epoch-rows"></table>
            </div>
          </details>
        `
        : null}
    </figure>
  `;
}

/** Largest number of rows of a table in the page; the script makes longer tables when they are opened. */
const MAX_ROWS = 100;

function tableBelow(table: Table, { title, pick }: { title: string; pick: boolean }): Html {
  const late = html`
    <div class="scroll" tabindex="0" role="region" aria-label="${title}">
      <table class="late" data-pick="${String(pick)}"></table>
    </div>
  `;
  return html`
    <details>
      <summary>Table</summary>
      ${table.rows.length > MAX_ROWS ? late : tableHtml(table, { caption: title, pick })}
    </details>
  `;
}
