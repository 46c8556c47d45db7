/**
 * The charts and tables of a run's report as HTML. A run with one network, such as a single training, has no charts
 * over rounds and no choice of a round.
 *
 * @module
 */
import { calibrationSection } from "./calibration_html.ts";
import { drawnRounds, MAX_CURVES } from "./charts/curves.ts";
import { PRIMARY_MARGIN } from "../statistics/matches.ts";
import { denseOf, onlyNetwork, type ReportData } from "./data.ts";
import { factsCard } from "./facts_html.ts";
import { figure } from "./figure_html.ts";
import { format } from "./format.ts";
import { type Html, html } from "./html.ts";
import { networkTable } from "./network_tables.ts";
import { tableHtml } from "./table_html.ts";
import { classTable, costTable, scoreTable } from "./tables.ts";
import { filtersAreCounted } from "./tickets.ts";
import { filterFigure, ticketSections } from "./tickets_html.ts";
import { trainingSentence } from "./training_sentence.ts";

/** Everything between the answer and the settings, of a run with at least one round. */
export function results(data: ReportData): Html {
  return html`
    ${scores(data)}
    ${classes(data)}
    ${calibrationSection(data)}
    ${learning(data)}
    ${layers(data)}
    ${ticketSections(data)}
    ${costs(data)}
  `;
}

function scores(data: ReportData): Html {
  if (onlyNetwork(data)) {
    const title = "Scores of the network";
    return html`
      <section id="scores">
        <h2>Score</h2>
        <div class="card">
          <h3>${title}</h3>
          <p class="note">Intervals come from the number of records.${data.decision === null
            ? ""
            : ` ${data.decision}`}</p>
          ${tableHtml(networkTable(data), { caption: title })}
        </div>
      </section>
    `;
  }
  return html`
    <section id="scores">
      <h2>Score against weights kept</h2>
      ${figure("scores", {
        title: `${data.metric} by density`,
        note: scoreNote(data),
        table: scoreTable(data),
        tall: true,
      })}
    </section>
  `;
}

function scoreNote({ rounds, replicates, decision }: ReportData): string {
  const seeds = replicates
    ? ` The line with the area is the mean over ${replicates.names.length} runs that differ in their seed ` +
      `alone (${named(replicates.names)}), the area reaches from the worst to the best of them.`
    : "";
  const strip = denseOf(rounds)
    ? `; the strip below the dense line is a loss of up to ${PRIMARY_MARGIN}`
    : "";
  return `Whiskers are 95 % intervals of this run’s score from the number of records${strip}.${seeds}${
    decision === null ? "" : ` ${decision}`
  } Choose a round by clicking its point or its line in the table.`;
}

/** The names as a list; only the first few if there are many. */
function named(names: readonly string[]): string {
  const few = names.slice(0, 4).join(", ");
  return names.length > 4 ? `${few} and ${names.length - 4} more` : few;
}

function classes(data: ReportData): Html {
  return html`
    <section id="classes">
      <h2>Classes</h2>
      ${onlyNetwork(data) ? null : figure("classes", {
        title: "F1 of each class",
        note: "After retraining.",
        table: classTable(data),
      })}
      <div class="card" id="confusion">
        <h3>Confusion matrix</h3>
        <p class="note">Records of each true class by predicted class; shading is the share of the row.</p>
        <div class="tools" id="confusion-tools"></div>
        <div class="two" id="confusions"></div>
      </div>
    </section>
  `;
}

function learning(data: ReportData): Html {
  const only = onlyNetwork(data);
  const { recorded, kept } = data.epochs;
  const drawn = drawnRounds(data.rounds.length, data.rounds.length - 1).length;
  const fewer = drawn < data.rounds.length
    ? ` ${MAX_CURVES} of ${data.rounds.length} rounds are drawn, evenly spread, and the chosen one.`
    : "";
  const thinned = kept < recorded
    ? ` Curves are thinned: ${format(kept, "integer")} of ${
      format(recorded, "integer")
    } epochs are ` +
      `in this file, ${only ? "the" : "each round’s"} first, best and last among them.`
    : "";
  const lines = only
    ? "Dev is scored after every epoch."
    : `One line per round, the chosen one on top.${fewer}`;
  const changes = only && trainingSentence(only);
  const [epochs, pick] = only ? ["all" as const, false] : ["round" as const, true];
  return html`
    <section id="learning">
      <h2>Learning</h2>
      ${changes === null ? null : html`<p class="note">${changes}</p>`}
      <div class="two">
        ${figure("curveScore", {
          title: "Dev score by epoch",
          note: `${lines}${thinned}`,
          epochs,
          pick,
        })}
        ${figure("curveLoss", {
          title: "Loss by epoch",
          note: `Mean over the epoch’s steps.${fewer}`,
          epochs,
          pick,
        })}
        ${only?.epochs.density === undefined ? null : figure("curveDensity", {
          title: "Weights kept by epoch",
          note: "Share of the prunable weights in the last step of the epoch.",
          pick,
        })}
      </div>
    </section>
  `;
}

function layers(data: ReportData): Html {
  const alone = onlyNetwork(data) !== null;
  const left = denseOf(data.rounds) ? "\n      dense on the left," : "";
  return html`
    <section id="layers">
      <h2>Layers</h2>
      <div class="card">
        <h3>Weights kept per layer${alone ? null : html`, <span data-round-name></span>`}</h3>
        <p
          class="note">Bars are the layer’s density, the tick is the density of all layers.${alone
            ? null
            : html`
              The strip has one cell per round,${left} coloured by the logarithm of the density; click a cell to choose its round.
            `}</p>
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
                ${filtersAreCounted(data)
                  ? html`<th scope="col" class="idle">Idle filters</th>`
                  : null}
                ${alone ? null : html`<th scope="col" class="text">By round</th>`}
              </tr>
            </thead>
            <tbody id="layer-rows"></tbody>
          </table>
        </div>
      </div>
      ${alone ? null : html`
        <div class="card">
          <h3>Density of each layer by round</h3>
          <p
            class="note">One chart per layer; all have the same logarithmic scale of density, with rounds on the horizontal
            axis. The faint line is all layers together, the dot is <span data-round-name></span>. Click to choose a round.</p>
          <div class="multiples" id="layer-multiples"></div>
        </div>
      `}
      ${filterFigure(data)}
    </section>
  `;
}

function costs(data: ReportData): Html {
  const times = "Multiply-adds are counted; seconds are wall-clock " +
    "time and depend on the machine and its other load.";
  return html`
    <section id="costs">
      <h2>Work and size</h2>
      ${onlyNetwork(data)
        ? factsCard(costTable(data), { title: "Cost of the network", note: times })
        : figure("costs", {
          title: "Cost against weights kept",
          note: `All values are relative to the dense round. ${times}`,
          table: costTable(data),
        })}
    </section>
  `;
}
