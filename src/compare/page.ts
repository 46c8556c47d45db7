/**
 * A comparison as one self-contained HTML text.
 *
 * @module
 */
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { figure } from "../report/figure_html.ts";
import { format } from "../report/format.ts";
import { type Html, html } from "../report/html.ts";
import { heartbeats, shell } from "../report/shell.ts";
import { tableHtml } from "../report/table_html.ts";
import type { Table } from "../report/tables.ts";
import { commonKind, referenceOf } from "../statistics/reference.ts";
import type { Comparison } from "./comparison.ts";
import {
  costTable,
  denseTable,
  methodTable,
  pairTable,
  runTable,
  scoreTable,
  testTable,
} from "./tables.ts";
import { words } from "./words.ts";

/** The figures of the page; `client/main.ts` draws each. */
export type ComparisonFigureId = "scores" | "differences" | "effort" | "speed";

/** The text of a comparison's page. */
export function comparisonPage(comparison: Comparison): string {
  return shell({
    title: `${comparison.name} · lth-ecg`,
    body: body(comparison),
    data: comparison,
    script: path.join(import.meta.dirname ?? ".", "client/main.ts"),
    charts: true,
  });
}

function body(comparison: Comparison): Html {
  const { methods, pairs, tests, runs, records, split, metric, sentences, notes } = comparison;
  return html`
    <a class="skip" href="#answer">Skip to the answer</a>
    <header class="top">
      <p class="brand">lth-ecg <span>comparison</span></p>
      ${heartbeats()}
      <button type="button" id="theme" class="tool">Theme: system</button>
    </header>
    <main>
    <section id="answer">
      <h1>${comparison.name}</h1>
      <p class="chips"><span>${counted(methods.length, "method")}</span><span>${counted(
        runs.length,
        "run",
      )}</span><span>${format(
        records,
        "integer",
      )} ${split} records</span>${runs.every(({ complete }) => complete)
        ? null
        : html`<span class="warn">not complete</span>`}</p>
      <p class="answer">${sentences.answer}</p>
      ${list(sentences.methods)}
      ${notes.map((note) => html`<p class="remark">${note}</p>`)}
    </section>
    <section id="methods">
      ${card("The methods", methodTable(comparison))}
      <p class="note">The largest compression that is shown to match dense, the training it took (all rounds up to
        it), and the sparsest network. “Learnt”: its dev score reached the dense network’s. “Not pruned”: a dense
        network that was trained on keeps all weights, so it has no compression to match at. A dash: there is none.</p>
    </section>
    <section id="scores">
      <h2>Score against weights kept</h2>
      ${figure<ComparisonFigureId>("scores", {
        title: `${metric} by density`,
        note: "Lines are means over replicates, bands reach from the worst to the best replicate.",
        tall: true,
        pick: false,
      })}
      ${card("Scores", scoreTable(comparison))}
      <p class="note">Lowest and highest are over replicates. Pooled folds are one replicate, and so is a single seed:
        they have a dash.</p>
    </section>
    <section id="dense">
      <h2>Difference to dense</h2>
      ${figure<ComparisonFigureId>("differences", {
        title: "Pruned minus dense",
        note:
          `${
            differencesNote(comparison)
          } Bands are 95 % intervals. A network matches dense if its band ` +
          "and the bands of all networks to its left stay above the margin.",
        tall: true,
        pick: false,
      })}
      ${card("Differences to dense", denseTable(comparison))}
    </section>
    ${tests.length === 0 ? null : html`
      <section id="tests">
        <h2>Planned differences</h2>
      ${list(sentences.tests)}
        ${card("Planned tests, adjusted together", testTable(comparison))}
      </section>
    `}
    ${pairs.length === 0 ? null : html`
      <section id="pairs">
        <h2>Between methods</h2>
      ${list(sentences.pairs)}
        ${card("Differences at equal density", pairTable(comparison))}
      </section>
    `}
    <section id="costs">
      <h2>Training cost</h2>
      <div class="two">
        ${figure<ComparisonFigureId>("effort", {
          title: "Training up to each network",
          note:
            "All rounds up to the network, weighted by multiply-adds that were left: 1 is an epoch of the " +
            "dense network.",
          pick: false,
        })}
        ${figure<ComparisonFigureId>("speed", {
          title: "Epochs to the dense dev score",
          note:
            "Epochs of the network’s own training, mean over the runs that reach it; the table says how " +
            "many do.",
          pick: false,
        })}
      </div>
      ${card("Training up to each network", costTable(comparison))}
    </section>
    <section id="runs">
      <h2>Runs</h2>
      ${card("Runs compared", runTable(comparison))}
    </section>
    <section id="words">
      <h2>How to read this comparison</h2>
      ${words()}
    </section>
    </main>
    <div id="live" class="unseen" aria-live="polite"></div>
  `;
}

/** What the chart of differences subtracts, and which networks it therefore lacks. */
function differencesNote({ methods }: Comparison): string {
  const pruned = methods.filter(({ continued }) => !continued).flatMap(({ levels }) => levels);
  if (commonKind(pruned) === "once") {
    return "Pruned networks minus the dense networks that they began with.";
  }
  return "Pruned networks minus dense networks that were trained for as many epochs." +
    (pruned.some((level) => referenceOf(level)?.kind === "once")
      ? " Pruned networks without such a dense network are not drawn here; the table below compares them " +
        "with the dense network that they began with."
      : "");
}

function card(title: string, table: Table): Html {
  return html`<div class="card"><h3>${title}</h3>${tableHtml(table, { caption: title })}</div>`;
}

function list(sentences: readonly string[]): Html {
  return html`<ul class="verdicts">${sentences.map((text) => html`<li>${text}</li>`)}</ul>`;
}
