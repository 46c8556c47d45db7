/**
 * The report's sections on an analysis.
 *
 * @module
 */
import { onlyNetwork, type ReportData, type RoundData } from "./data.ts";
import { factsCard } from "./facts_html.ts";
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
  const title = "Filters that do nothing";
  const note =
    "Found by following the surviving weights. A constant filter’s output is the same for every " +
    "recording; an unused filter’s output changes no logit. A filter can be both.";
  const table = filterTable(data);
  return onlyNetwork(data)
    ? factsCard(table, { title, note })
    : figure("filters", { title, note, table });
}

/** The charts of an analysis, or what is missing without one. A single training cannot be analysed. */
export function ticketSections(data: ReportData): Html | null {
  const { rounds, other, threshold } = data;
  const has = (key: keyof NonNullable<RoundData["ticket"]>) =>
    rounds.some(({ ticket }) => ticket !== null && ticket[key] !== null);
  const part = (
    chart: Parameters<typeof ticketTable>[1],
    { title, note }: { title: string; note: string },
  ) => {
    const table = ticketTable(data, chart);
    return onlyNetwork(data)
      ? factsCard(table, { title, note })
      : figure(chart, { title, note, table });
  };
  const figures = [
    ...(has("untrained")
      ? [part("untrained", {
        title: "Scores of untrained weights under the mask",
        note:
          "Dev score of networks whose weights were never trained, only chosen; statistics of batch " +
          "normalisation are measured on training records first.",
      })]
      : []),
    ...(has("instability")
      ? [
        part("barrier", {
          title: "Instability to the data order",
          note:
            "Two networks are trained from one start with different orders of the batches: the " +
            "largest error between them on a straight line, minus the mean of both (linear mode " +
            "connectivity).",
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
      ? [part("overlap", {
        title: `Masks in common with ${other ?? "the other run"}`,
        note: "Weights that both keep / weights that either keeps, compared with masks drawn at " +
          "random within each layer.",
      })]
      : []),
    ...(has("epochsToThreshold") || has("lowestLossEpoch")
      ? [part("speed", {
        title: "Speed of learning",
        note: `First epoch whose dev score reaches ${
          format(threshold, "score")
        } (no point if none does), and the epoch of the lowest dev loss.`,
      })]
      : []),
  ];
  const complete = has("untrained") || data.single;
  if (complete && figures.length === 0) return null;
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
