/**
 * The report's section on the calibration of probabilities.
 *
 * @module
 */
import { calibratedSplits, calibrationTable, reliabilityTable } from "./calibration_tables.ts";
import { onlyNetwork, type ReportData } from "./data.ts";
import { factsCard } from "./facts_html.ts";
import { figure } from "./figure_html.ts";
import { type Html, html } from "./html.ts";
import { withoutRounds } from "./network_tables.ts";
import { tableHtml } from "./table_html.ts";

/** The reliability diagram and the errors by round, if they were measured. */
export function calibrationSection(data: ReportData): Html {
  const measured = calibratedSplits(data.rounds).length > 0;
  const alone = onlyNetwork(data) !== null;
  const errors = {
    title: "Errors of the probabilities",
    note: "A record’s probabilities are the mean softmax of its steps, with logits divided " +
      `by one temperature${
        alone ? "" : " per round"
      }, fitted on dev. The decision does not depend on it.`,
  };
  return html`
    <section id="probabilities">
      <h2>Probabilities</h2>
      ${measured
        ? html`
          <div class="two">
            ${figure("reliability", {
              title: "Calibration of probabilities",
              note:
                `Records${
                  alone ? "" : " of the chosen round"
                } by the probability of their most probable class, in 15 bins ` +
                "of equal width. On the dashed line records are right as often as the probability says; " +
                "below it the network is overconfident. A bin of few records says little.",
              table: alone ? withoutRounds(reliabilityTable(data)) : reliabilityTable(data),
              pick: false,
            })}
            ${alone ? factsCard(calibrationTable(data), errors) : html`
              <div class="card">
                <h3>${errors.title}</h3>
                <p class="note">${errors.note}</p>
                ${tableHtml(calibrationTable(data), { caption: errors.title, pick: true })}
              </div>
            `}
          </div>
        `
        : html`
          <p class="note">This older run has no calibrated probabilities.</p>
        `}
    </section>
  `;
}
