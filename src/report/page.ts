/**
 * The report of a run as one HTML text.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import type { Summary } from "../results/summary.ts";
import { denseOf, type ReportData } from "./data.ts";
import type { Extras } from "./extras.ts";
import { glossary } from "./glossary.ts";
import { headline } from "./headline.ts";
import { type Html, html } from "./html.ts";
import { results } from "./results_html.ts";
import { datasetTable, environmentList, settingsList } from "./settings.ts";
import { heartbeats, shell } from "./shell.ts";
import { tiles } from "./tiles.ts";

/** What a report is written from. */
export interface PageInput {
  summary: Summary;
  /** The tables of `summary` and `extras`. */
  data: ReportData;
  environment: Record<string, unknown> | null;
  extras: Extras;
  /** The page of recordings, relative to the report; null if there is none. */
  ecg: string | null;
}

/** The text of a run's report. */
export function reportPage(input: PageInput): string {
  return shell({
    title: `${input.summary.name} · lth-ecg`,
    body: body(input),
    data: input.data,
    script: "main.ts",
    charts: true,
  });
}

function body({ summary, data, environment, extras, ecg }: PageInput): Html {
  const { answer, remarks } = headline(summary, data, extras);
  const last = data.rounds.length - 1;
  return html`
    <a class="skip" href="#answer">Skip to the answer</a>
    <header class="top">
      <p class="brand">lth-ecg <span>run report</span></p>
      ${heartbeats()}
      <button type="button" id="theme" class="tool">Theme: system</button>
    </header>
    ${data.rounds.length > 1
      ? html`<div class="roundbar" role="region" aria-label="Round shown in detail">
  <button type="button" id="previous" class="tool" aria-label="Previous round">‹</button>
  <input type="range" id="round" min="0" max="${last}" value="${last}" step="1" aria-label="Round">
  <button type="button" id="next" class="tool" aria-label="Next round">›</button>
  <strong id="round-name"></strong> <span id="round-about" class="muted"></span>
</div>`
      : null}
    <main>
    <section id="answer">
      <h1>${summary.name}</h1>
      <p class="chips"><span>${summary.mode}</span><span>${data.single
        ? "single training"
        : counted(data.rounds.length, "round")}</span>${summary.complete
        ? html`<span>complete</span>`
        : html`<span class="warn">not complete</span>`}</p>
      <p class="answer">${answer}</p>
      ${ecg === null ? null : html`
        <p
          class="more"><a href="${ecg}">Recordings with the labels of the ${denseOf(data.rounds)
            ? "dense network and the ticket"
            : "network"}</a></p>
      `}
      ${remarks.map((remark) => html`<p class="remark">${remark}</p>`)}
      ${tiles(data)}
    </section>
    ${data.rounds.length > 0 ? results(data) : null}
    <section id="settings">
      <h2>Data and settings</h2>
      <div class="two">
        ${datasetTable(summary)}
        ${environmentList(environment)}
      </div>
      ${settingsList(summary.config)}
    </section>
    <section id="words">
      <h2>How to read this report</h2>
      ${glossary(data)}
    </section>
    </main>
    <div id="live" class="unseen" aria-live="polite"></div>
  `;
}
