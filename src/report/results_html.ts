/**
 * The charts and tables of a run's report as HTML.
 *
 * @module
 */
import { calibrationSection } from "./calibration_html.ts";
import { drawnRounds, MAX_CURVES } from "./charts/curves.ts";
import { PRIMARY_MARGIN } from "../statistics/matches.ts";
import type { ReportData } from "./data.ts";
import { figure } from "./figure_html.ts";
import { format } from "./format.ts";
import { type Html, html } from "./html.ts";
import { classTable, costTable, scoreTable } from "./tables.ts";
import { filtersAreCounted } from "./tickets.ts";
import { filterFigure, ticketSections } from "./tickets_html.ts";

/** Everything between the answer and the settings, of a run with at least one round. */
export function results(data: ReportData): Html {
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
        title: `${data.metric} by density`,
        note: scoreNote(data),
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
        <h3>Confusion matrix</h3>
        <p class="note">Records of each true class by predicted class; shading is the share of the row.</p>
        <div class="tools" id="confusion-tools"></div>
        <div class="two" id="confusions"></div>
      </div>
    </section>
    ${calibrationSection(data)}
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
                ${filtersAreCounted(data)
                  ? html`<th scope="col" class="idle">Idle filters</th>`
                  : null}
                <th scope="col" class="text">By round</th>
              </tr>
            </thead>
            <tbody id="layer-rows"></tbody>
          </table>
        </div>
      </div>
      <div class="card">
        <h3>Density of each layer by round</h3>
        <p class="note">One chart per layer; all have the same logarithmic scale of density, with rounds on the horizontal
          axis. The faint line is all layers together, the dot is <span data-round-name></span>. Click to choose a round.</p>
        <div class="multiples" id="layer-multiples"></div>
      </div>
      ${filterFigure(data)}
    </section>
    ${ticketSections(data)}
    <section id="costs">
      <h2>Work and size</h2>
      ${figure("costs", {
        title: "Cost against weights kept",
        note:
          "All values are relative to the dense round. Multiply-adds are counted; seconds are wall-clock " +
          "time and depend on the machine and its other load.",
        table: costTable(data),
      })}
    </section>
  `;
}

function scoreNote({ replicates, decision }: ReportData): string {
  const seeds = replicates
    ? ` The line with the area is the mean over ${replicates.names.length} runs that differ in their seed ` +
      `alone (${named(replicates.names)}), the area reaches from the worst to the best of them.`
    : "";
  return "Whiskers are 95 % intervals of this run’s score from the number of records; the strip below " +
    `the dense line is a loss of up to ${PRIMARY_MARGIN}.${seeds}${
      decision === null ? "" : ` ${decision}`
    } Choose a round by clicking its point or its line in the table.`;
}

/** The names as a list; only the first few if there are many. */
function named(names: readonly string[]): string {
  const few = names.slice(0, 4).join(", ");
  return names.length > 4 ? `${few} and ${names.length - 4} more` : few;
}
