/**
 * A page that labels ECGs: a ticket, an engine and the readers of recordings as one HTML text.
 *
 * @module
 */
import * as path from "node:path";
import { toBase64 } from "../../core/base64.ts";
import { MAX_GAP_SECONDS } from "../../data/formats/gaps.ts";
import { FORMATS } from "../../data/formats/registry.ts";
import { UNITS } from "../../data/formats/units.ts";
import { readSampleRecordings } from "../../data/sample.ts";
import { judgingOf } from "../../predict/predictor.ts";
import { PAPER_WORDS, recordViewer } from "../../report/ecg/page.ts";
import { type Html, html } from "../../report/html.ts";
import { heartbeats, shell } from "../../report/shell.ts";
import { wordList } from "../../report/word_list.ts";
import { describeDecision, type Ticket } from "../../ticket/ticket.ts";
import type { PageData } from "./client/label.ts";
import { storeOperation } from "./client/stored.ts";
import { FIELDS } from "./fields.ts";
import { modelCard } from "./model_card.ts";
import { operationsOf } from "./operations.ts";

const HERE = import.meta.dirname ?? ".";

/** The page's text. It needs no other file and makes no request. */
export function labellingPage(ticket: Ticket): string {
  const { decider, ...judging } = judgingOf(ticket);
  const [example] = readSampleRecordings(1);
  const data: PageData = {
    judging: { ...judging, decider: { ...decider, weights: [...decider.weights] } },
    rate: ticket.normalisation.rate,
    operations: operationsOf(ticket.network).map(storeOperation),
    example: { name: example!.name, bytes: toBase64(example!.bytes) },
  };
  const { hop, classes } = judging;
  const seconds = (hop / data.rate).toFixed(2);
  return shell({
    title: "Label ECGs · lth-ecg",
    data,
    script: path.join(HERE, "client/main.ts"),
    charts: false,
    styles: ["ecg", path.join(HERE, "page")],
    body: html`
      <a class="skip" href="#drop">Skip to the files</a>
      <header class="top">
        <p class="brand">lth-ecg <span>labels for ECGs</span></p>
        ${heartbeats()}
        <button type="button" id="theme" class="tool">Theme: system</button>
      </header>
      <main>
        <section id="about">
          <h1>Label ECGs</h1>
          <p class="answer">Labels an ECG every ${seconds} s: ${classes.join(
            ", ",
          )}.</p>
          <p class="remark"><strong>Not a medical device.</strong> For research only. Files stay on
            this machine: the page makes no request.</p>
        </section>
        ${fileSection(example!.name)}
        <section id="said" hidden>
          <h2 id="said-label"></h2>
          <div class="card">
            <dl id="said-shares"></dl>
            <p id="said-heart"></p>
            <div id="said-long" class="scroll" tabindex="0" role="region" aria-label="Hours">
              <table id="said-hours"></table>
            </div>
            <ul id="said-notes"></ul>
          </div>
          <p class="remark">${describeDecision(ticket)}</p>
        </section>
        ${recordViewer(false)}
        ${modelCard(ticket)}
        <section id="words">
          <h2>How to read it</h2>
          ${wordList([...classWords(classes), HEART_RATE, ...PAPER_WORDS])}
        </section>
      </main>
      <div id="live" class="unseen" aria-live="polite"></div>
    `,
  });
}

/** What PhysioNet/CinC 2017 calls its classes. */
const CINC2017: Readonly<Record<string, string>> = {
  N: "normal rhythm",
  A: "atrial fibrillation",
  O: "another rhythm",
  "~": "too noisy to classify",
};

const HEART_RATE: [string, string] = [
  "Heart rate",
  "60 over the median interval in seconds between beats. Beats are found by the QRS detector of Hamilton " +
  "2002 (Computers in Cardiology 29, 101), not by the network. In atrial fibrillation it is the rate of the " +
  "ventricles. Noise can hide or add beats.",
];

/** The meaning of the classes, if they are those of PhysioNet/CinC 2017. */
function classWords(classes: readonly string[]): [string, string][] {
  const named = classes.filter((name) => Object.hasOwn(CINC2017, name));
  if (named.length < classes.length || classes.length < Object.keys(CINC2017).length) return [];
  const text = named.map((name) => `${name} ${CINC2017[name]}`).join(", ");
  return [["The labels", `${text}: the classes of PhysioNet/CinC 2017.`]];
}

function labelled(id: keyof typeof FIELDS): string {
  const { name, meaning } = FIELDS[id];
  return `${name} (${meaning})`;
}

function fileSection(example: string): Html {
  const endings = [...new Set(Object.values(FORMATS).flatMap((format) => format.endings)), ".dat"];
  return html`
    <section aria-label="Files">
      <div id="drop">
        <label
          for="files">Drop recordings anywhere on this page, or choose them (${endings.join(
            ", ",
          )}; a header with its signal files):</label>
        <input type="file" id="files" multiple>
        <div class="tools">
          <button type="button" id="example" class="tool">Show the example, ${example}</button>
        </div>
        <details>
          <summary>If a file does not say its rate, unit or lead</summary>
          <form id="settings">
            <fieldset>
              <label>${labelled("rate")}<input id="rate" inputmode="decimal"></label>
              <label>${labelled("units")}<select id="units">
                  <option value="auto">as the file says</option>
                  ${UNITS.map((unit) => html`<option>${unit}</option>`)}
                </select></label>
              <label>${labelled("gain")}<input id="gain" inputmode="decimal"></label>
              <label>${labelled("baseline")}<input id="baseline"></label>
              <label>${labelled("lead")}<input id="lead"></label>
              <label>${labelled("max-gap")}<input id="max-gap" inputmode="decimal"
                  value="${MAX_GAP_SECONDS}"></label>
            </fieldset>
            <div class="tools"><button type="submit" class="tool">Read the files again</button></div>
          </form>
        </details>
        <p id="status" role="status"></p>
        <ul id="refused" hidden></ul>
      </div>
    </section>
  `;
}
