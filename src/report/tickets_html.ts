/**
 * The report's sections on an analysis.
 *
 * @module
 */
import type { ReportData, RoundData } from "./data.ts";
import { figure } from "./figure_html.ts";
import { format } from "./format.ts";
import { type Html, html } from "./html.ts";
import { filtersAreCounted } from "./tickets.ts";
import { barrierTable, filterTable, ticketTable } from "./ticket_tables.ts";

/** Filters that do nothing, over the rounds, if they are known. */
export function filterFigure(data: ReportData): Html {
  if (!filtersAreCounted(data)) {
    return html`
      <p class="note">Filters that the masks cut off were not counted.</p>
    `;
  }
  return figure("filters", {
    title: "Filters that do nothing",
    note:
      "Found by following the surviving weights. A constant filter’s output is the same for every " +
      "recording; an unused filter’s output changes no logit. A filter can be both.",
    table: filterTable(data),
  });
}

/** The charts of an analysis, or what is missing without one. */
export function ticketSections(data: ReportData): Html {
  const { rounds, other, threshold } = data;
  const has = (key: keyof NonNullable<RoundData["ticket"]>) =>
    rounds.some(({ ticket }) => ticket !== null && ticket[key] !== null);
  const figures = [
    ...(has("untrained")
      ? [figure("untrained", {
        title: "Scores of untrained weights under the mask",
        note:
          "Dev score of networks whose weights were never trained, only chosen; statistics of batch " +
          "normalisation are measured on training records first.",
        table: ticketTable(data, "untrained"),
      })]
      : []),
    ...(has("instability")
      ? [
        figure("barrier", {
          title: "Instability to the data order",
          note:
            "Two networks are trained from one start with different orders of the batches: the " +
            "largest error between them on a straight line, minus the mean of both (linear mode " +
            "connectivity).",
          table: ticketTable(data, "barrier"),
        }),
        figure("barrierLine", {
          title: "Error between the two data orders",
          note: "Dev error on the straight line between the two networks. A bump is a barrier.",
          table: barrierTable(data),
          pick: false,
        }),
      ]
      : []),
    ...(has("overlap")
      ? [figure("overlap", {
        title: `Masks in common with ${other ?? "the other run"}`,
        note: "Weights that both keep / weights that either keeps, compared with masks drawn at " +
          "random within each layer.",
        table: ticketTable(data, "overlap"),
      })]
      : []),
    ...(has("epochsToThreshold") || has("lowestLossEpoch")
      ? [figure("speed", {
        title: "Speed of learning",
        note: `First epoch whose dev score reaches ${
          format(threshold, "score")
        } (no point if none does), and the epoch of the lowest dev loss.`,
        table: ticketTable(data, "speed"),
      })]
      : []),
  ];
  const complete = has("untrained");
  return html`
    <section id="tickets">
      <h2>Analysis of the tickets</h2>
      ${figures.length === 0 ? null : html`<div class="two">${figures}</div>`}
      ${complete ? null : html`
        <p class="note">Not analysed: scores without any training, instability to the data order, masks in
          common with another run.</p>
      `}
    </section>
  `;
}
