/**
 * What a ticket is, for people: where it comes from, what it scores, under which licence.
 *
 * @module
 */
import { type Html, html } from "../../report/html.ts";
import { format } from "../../report/format.ts";
import { tableHtml } from "../../report/table_html.ts";
import type { Table } from "../../report/tables.ts";
import { footprintOf } from "../../ticket/footprint.ts";
import { aboutCrossValidation } from "../../ticket/cross_validation.ts";
import type { Ticket } from "../../ticket/ticket.ts";

/** A section of a page. */
export function modelCard(ticket: Ticket): Html {
  return html`
    <section id="card">
      <h2>The network</h2>
      <div class="card settings">
        <dl>${factsOf(ticket).map(([name, value]) =>
          html`
            <div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>
          `
        )}</dl>
        ${tableHtml(scoresOf(ticket), { caption: "Scores" })}
        <p class="note">Scores are of the recordings of each split of the data that the network was
          trained on; the 95 % interval is from the choice of recordings alone. Other devices, leads
          and populations are untested.${aboutCrossValidation(ticket, " ")}</p>
      </div>
      <p class="remark">${ticket.licence}</p>
    </section>
  `;
}

function factsOf({ network, normalisation, provenance }: Ticket): [string, string][] {
  const { kept, weights, macsPerSecond } = footprintOf(network, normalisation.rate);
  const { run, round, datasetSha256, records } = provenance;
  return [
    ["Run", run],
    ["Round", String(round)],
    ["Weights kept", `${format(kept, "integer")} of ${format(weights, "integer")}`],
    ["Multiplications per second of ECG", format(macsPerSecond, "macs")],
    ["Samples per second", String(normalisation.rate)],
    ...Object.entries(records).map(([split, count]): [string, string] => [
      `Recordings, ${split}`,
      format(count, "integer"),
    ]),
    ["Data set, SHA-256", datasetSha256.slice(0, 16)],
  ];
}

function scoresOf({ classes, metrics }: Ticket): Table {
  return {
    columns: [
      { label: "Split", kind: "text" },
      { label: "Recordings", kind: "integer" },
      { label: "Score", kind: "text" },
      { label: "Value", kind: "score" },
      { label: "95 % from", kind: "score" },
      { label: "to", kind: "score" },
      ...classes.map((name) => ({ label: `F1 ${name}`, kind: "score" as const })),
    ],
    rows: Object.entries(metrics).map(([split, { records, name, headline, f1 }]) => [
      split,
      records,
      name,
      headline.score,
      headline.low,
      headline.high,
      ...classes.map((each) => f1[each] ?? null),
    ]),
  };
}
