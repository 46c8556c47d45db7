/**
 * The report as one HTML text that needs nothing else: no network, no other file.
 *
 * @module
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Summary } from "../experiment/summary.ts";
import { bundleScript } from "./bundle.ts";
import { drawnRounds, MAX_CURVES } from "./charts/curves.ts";
import type { ReportData } from "./data.ts";
import { format } from "./format.ts";
import { figure } from "./figure_html.ts";
import { glossary } from "./glossary.ts";
import { headline } from "./headline.ts";
import { type Html, html, jsonForScript, scriptText, trusted } from "./html.ts";
import { datasetTable, settingsList } from "./settings.ts";
import { classTable, costTable, scoreTable } from "./tables.ts";
import { tiles } from "./tiles.ts";

const HERE = import.meta.dirname ?? ".";
const UPLOT = path.resolve(HERE, "../../node_modules/uplot/dist");

/** Later sheets win over earlier ones. */
const STYLES = ["base", "head", "figures", "tables", "reading", "media"];

/** The parts of a page around its body. */
export interface Shell {
  title: string;
  body: Html;
  /** Tables for the script, under the id "data". */
  data: unknown;
  /** The script's entry module: its name in `client/`, or a whole path. */
  script: string;
  /** Whether the page draws with uPlot. */
  charts: boolean;
}

/** The text of a run's report. */
export function reportPage(
  summary: Summary,
  data: ReportData,
  environment: Record<string, unknown> | null,
): string {
  return shell({
    title: `${summary.name} · lth-ecg`,
    body: body(summary, data, environment),
    data,
    script: "main.ts",
    charts: true,
  });
}

/**
 * A self-contained HTML text. Its policy allows exactly the script and the style sheet that it
 * carries, by their hashes; everything else (network, frames, inline handlers) is forbidden.
 */
export function shell({ title, body, data, script, charts }: Shell): string {
  const read = (file: string) => fs.readFileSync(path.join(UPLOT, file), "utf8");
  const code = scriptText(
    (charts ? read("uPlot.iife.min.js") + "\n" : "") +
      bundleScript(path.resolve(HERE, "client", script)),
  );
  const styles = (charts ? read("uPlot.min.css") : "") +
    STYLES.map((name) => fs.readFileSync(path.join(HERE, "styles", `${name}.css`), "utf8")).join(
      "",
    );
  const policy = `default-src 'none'; script-src ${hash(code)}; style-src ${hash(styles)}; ` +
    "base-uri 'none'; form-action 'none'";
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title}</title>
        <style>${trusted(styles)}</style>
      </head>
      <body>
    ${body}
    <script type="application/json" id="data">${trusted(jsonForScript(data))}</script>
    <script>${trusted(code)}</script>
      </body>
    </html>
  `.text;
}

/** The trace at the top of a page: one heartbeat, drawn with ever fewer points. */
export function heartbeats(): Html {
  const beat = (x: number) =>
    `M${x} 26h14c3 0 4-5 7-5s4 5 7 5h6l3 4 5-26 6 34 4-12h8c4 0 6-8 11-8s7 8 11 8h13`;
  const fade = ["", "7 2", "4 5", "2 8", "1.5 14"];
  return html`<svg class="beats" viewBox="0 0 480 42" aria-hidden="true">${
    fade.map((dash, i) =>
      html`
        <path d="${beat(i * 96)}" stroke-dasharray="${dash || "none"}" />
      `
    )
  }</svg>`;
}

function body(
  summary: Summary,
  data: ReportData,
  environment: Record<string, unknown> | null,
): Html {
  const { answer, remarks } = headline(summary, data);
  const has = data.rounds.length > 0;
  const last = data.rounds.length - 1;
  return html`
    <a class="skip" href="#answer">Skip to the answer</a>
    <header class="top">
      <p class="brand">lth-ecg <span>run report</span></p>
      ${heartbeats()}
      <button type="button" id="theme" class="tool">Theme: system</button>
    </header>
    ${has
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
      <p class="chips"><span>${summary.mode}</span><span>${data.rounds
        .length} round${data.rounds.length === 1 ? "" : "s"}</span>${summary.complete
        ? html`<span>complete</span>`
        : html`<span class="warn">not complete</span>`}</p>
      <p class="answer">${answer}</p>
      ${remarks.map((remark) => html`<p class="remark">${remark}</p>`)}
      ${tiles(data)}
    </section>
    ${has ? results(data) : null}
    <section id="settings">
      <h2>Data and settings</h2>
      <div class="two">
        ${datasetTable(summary)}
        ${settingsList("Settings", summary.config)}
      </div>
      ${settingsList("Environment", environment)}
    </section>
    <section id="words">
      <h2>How to read this report</h2>
      ${glossary()}
    </section>
    </main>
    <div id="live" class="unseen" aria-live="polite"></div>
  `;
}

function results(data: ReportData): Html {
  const { recorded, kept } = data.epochs;
  const drawn = drawnRounds(data.rounds.length, data.rounds.length - 1).length;
  const fewer = drawn < data.rounds.length
    ? ` ${MAX_CURVES} of ${data.rounds.length} rounds are drawn, evenly spread, and the chosen one.`
    : "";
  const thinned = kept < recorded
    ? ` Curves are thinned: ${format(kept, "integer")} of ${
      format(recorded, "integer")
    } epochs are ` +
      "in this file, each round’s first, best and last among them."
    : "";
  return html`
    <section id="scores">
      <h2>Score against weights kept</h2>
      ${figure("scores", {
        title: `${data.metric} as weights go`,
        note:
          "Whiskers are 95 % intervals of the score from the number of records. Choose a round by " +
          "clicking its point or its line in the table.",
        table: scoreTable(data),
        tall: true,
      })}
    </section>
    <section id="classes">
      <h2>Classes</h2>
      ${figure("classes", {
        title: "F1 of each class",
        note: "After retraining.",
        table: classTable(data),
      })}
      <div class="card" id="confusion">
        <h3>Who is taken for whom</h3>
        <p class="note">Records of each true class by predicted class; shading is the share of the row.</p>
        <div class="tools" id="confusion-tools"></div>
        <div class="two" id="confusions"></div>
      </div>
    </section>
    <section id="learning">
      <h2>Learning</h2>
      <div class="two">
        ${figure("curveScore", {
          title: "Dev score by epoch",
          note: `One line per round, the chosen one on top.${fewer}${thinned}`,
          epochs: true,
        })}
        ${figure("curveLoss", {
          title: "Loss by epoch",
          note: `Mean over the epoch’s steps.${fewer}`,
          epochs: true,
        })}
      </div>
    </section>
    <section id="layers">
      <h2>Layers</h2>
      <div class="card">
        <h3>Weights kept per layer, <span data-round-name></span></h3>
        <p
          class="note">Bars are the layer’s density, the tick is the density of all layers. The strip has one cell per round,
      dense on the left, coloured by the logarithm of the density; click a cell to choose its round.</p>
        <div class="tools" id="layer-tools"></div>
        <div class="scroll tall" tabindex="0" role="region" aria-label="Weights kept per layer">
          <table class="layers">
            <thead>
              <tr>
                <th scope="col" class="text">Layer</th>
                <th scope="col" class="text">Shape</th>
                <th scope="col">Weights</th>
                <th scope="col">Kept</th>
                <th scope="col">Density</th>
                <th scope="col" class="text">By round</th>
              </tr>
            </thead>
            <tbody id="layer-rows"></tbody>
          </table>
        </div>
      </div>
    </section>
    <section id="costs">
      <h2>Work and size</h2>
      ${figure("costs", {
        title: "Cost against weights kept",
        note:
          "Everything relative to the dense round. Multiply-adds are counted; seconds are wall-clock " +
          "time and depend on the machine and on what else it did.",
        table: costTable(data),
      })}
    </section>
  `;
}

function hash(text: string): string {
  return `'sha256-${crypto.createHash("sha256").update(text).digest("base64")}'`;
}
