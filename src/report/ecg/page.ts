/**
 * Recordings on millimetre paper with the networks' label of each step, as one self-contained HTML text.
 *
 * @module
 */
import * as path from "node:path";
import { type Html, html } from "../html.ts";
import { heartbeats, shell } from "../shell.ts";
import { tableHtml } from "../table_html.ts";
import { wordList } from "../word_list.ts";
import { packRecords } from "./pack.ts";
import { type EcgData, type EcgInput, stretchOf } from "./record.ts";
import { recordTable } from "./tables.ts";

export type { EcgInput, EcgRecord } from "./record.ts";

/**
 * The text of a page for browsing `records`. Names and classes may be any text, and there may be any number
 * of records, even none. Signals of more than 900,000 samples in total are reduced to the extremes of short
 * stretches, and the page says so.
 */
export function ecgPage(input: EcgInput): string {
  const { records, title, answer, notes = [], networks, back } = input;
  const heading = title ?? "Predictions";
  const data: EcgData = {
    name: heading,
    networks: { dense: networks?.dense ?? "Dense", ticket: networks?.ticket ?? "Ticket" },
    records: packRecords(records),
  };
  const compared = data.records.some(({ steps }) => steps.dense !== null);
  const [stretch] = data.records.flatMap((record) => stretchOf(record) ?? []);
  return shell({
    title: `${heading} · lth-ecg`,
    data,
    script: path.join(import.meta.dirname ?? ".", "client/main.ts"),
    charts: false,
    styles: ["ecg"],
    body: html`
      <a class="skip" href="#record">Skip to the recording</a>
      <header class="top">
        <p class="brand">lth-ecg <span>recordings</span></p>
        ${heartbeats()}
        <button type="button" id="theme" class="tool">Theme: system</button>
      </header>
      <main>
        <section id="about">
          <h1>${heading}</h1>
          ${back ? html`<p class="small"><a href="${back.href}">${back.name}</a></p>` : null}
          ${answer === undefined ? null : html`<p class="answer">${answer}</p>`}
          ${notes.map((note) => html`<p class="remark">${note}</p>`)}
          ${stretch !== undefined
            ? html`
              <p class="remark">These recordings are too long for one page: of every stretch of
                ${stretch} samples the smallest and the largest are drawn.</p>
            `
            : null}
        </section>
        ${data.records.length === 0
          ? html`<p class="muted">There is no recording here.</p>`
          : recordViewer(compared)}
        ${data.records.length === 0 ? null : html`
          <section id="all">
            <h2>All recordings here</h2>
            <div class="card">${tableHtml(recordTable(data), {
              caption: "Recordings",
              pick: true,
            })}</div>
          </section>
        `}
        <section id="words">
          <h2>How to read the paper</h2>
          ${wordList(compared ? [...PAPER_WORDS, DIFFERENCES] : PAPER_WORDS)}
        </section>
      </main>
      <div id="live" class="unseen" aria-live="polite"></div>
    `,
  });
}

/** The parts that client/viewer.ts fills. @param compared Whether two networks are shown. */
export function recordViewer(compared: boolean): Html {
  return html`
    <section id="record" class="ecg" aria-label="Recording">
      <div class="ecg-list">
        <div class="tools" id="filters"></div>
        <div id="list" role="group" aria-label="Recordings"></div>
      </div>
      <div class="card ecg-card">
        <h3 id="record-name"></h3>
        <p class="note" id="record-about"></p>
        <div class="tools" id="record-tools"></div>
        <div class="readout" id="readout"></div>
        <div id="paper" tabindex="0" role="group"
          aria-label="Recording: arrow keys read steps${compared
            ? ", d goes to the next difference"
            : ""}"></div>
        <p class="note" id="scale"></p>
        <div class="legend" id="classes"></div>
        <details>
          <summary>Table of the steps</summary>
          <div class="scroll" tabindex="0" role="region" aria-label="Steps">
            <table id="steps"></table>
          </div>
        </details>
      </div>
    </section>
  `;
}

/** How to read a recording on paper. */
export const PAPER_WORDS: readonly [word: string, meaning: string][] = [
  [
    "The paper",
    "A small square is 1 mm: 0.04 s wide and 0.1 mV high at 25 mm/s and 10 mm/mV; a large one is five of " +
    "them. Printed at 100 % the scale is true. If a recording spans more than 5.5 mV, the " +
    "gain is halved until it fits, and the line below the paper says so. The pulse at the left of a row " +
    "is 1 mV high.",
  ],
  [
    "Steps",
    "A network predicts a class for every step. A step is as long as the network's strides multiply to: 256 " +
    "samples, 0.85 s at 300 samples per second, for the networks that ship. The class of the whole recording " +
    "is shown above. The class of a step also depends on its surroundings.",
  ],
  [
    "Every extreme is drawn",
    "If several samples fall into one column of pixels, the line goes from the smallest to the largest " +
    "of them.",
  ],
];

const DIFFERENCES: [word: string, meaning: string] = [
  "Differences",
  "Steps that the two networks label differently are framed and shaded. Both may be wrong: the data set " +
  "gives a true class for the recording as a whole, not for single steps.",
];
