/**
 * The place of what an analysis found out.
 *
 * @module
 */
import type { ReportData, RoundData } from "./data.ts";
import { figure } from "./figure_html.ts";
import { format } from "./format.ts";
import { type Html, html } from "./html.ts";
import { barrierTable, filterTable, ticketTable } from "./ticket_tables.ts";

/** Filters that do nothing, over the rounds; what to do where the masks were not looked at. */
export function filterFigure(data: ReportData): Html {
  if (!data.rounds.some(({ filters }) => filters)) {
    return html`
      <p class="note">Which filters the masks cut off is not known here:
        <code>deno task report --run ${data.name}</code> counts them.</p>
    `;
  }
  return figure("filters", {
    title: "Filters that do nothing",
    note:
      "Followed along the surviving weights: a constant filter’s output is the same for every " +
      "recording, an unused one’s changes no logit. A filter can be both.",
    table: filterTable(data),
  });
}

/** The charts of an analysis that there are numbers for; how to get them where there are none. */
export function ticketSections(data: ReportData): Html {
  const { rounds, other, threshold } = data;
  const has = (key: keyof NonNullable<RoundData["ticket"]>) =>
    rounds.some(({ ticket }) => ticket !== null && ticket[key] !== null);
  const figures = [
    ...(has("untrained")
      ? [figure("untrained", {
        title: "What the choice of weights alone knows",
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
          title: "The way from one data order to the other",
          note: "Dev error on the straight line between the two networks. A bump is a barrier.",
          table: barrierTable(data),
          pick: false,
        }),
      ]
      : []),
    ...(has("overlap")
      ? [figure("overlap", {
        title: `Masks in common with ${other ?? "the other run"}`,
        note: "Weights that both keep over weights that either keeps, beside what masks drawn at " +
          "random within each layer would have in common.",
        table: ticketTable(data, "overlap"),
      })]
      : []),
    ...(has("epochsToThreshold") || has("lowestLossEpoch")
      ? [figure("speed", {
        title: "How fast a round is learnt",
        note: `First epoch whose dev score reaches ${
          format(threshold, "score")
        } (nothing is drawn where none does), and the epoch of the lowest dev loss.`,
        table: ticketTable(data, "speed"),
      })]
      : []),
  ];
  const complete = has("untrained");
  return html`
    <section id="tickets">
      <h2>What the tickets are like</h2>
      ${figures.length === 0 ? null : html`<div class="two">${figures}</div>`}
      ${complete ? null : html`
        <p class="note"><code>deno task lth analyze --run ${data
          .name}</code> adds: scores without any
          training, instability to the data order, and (with <code>--other RUN</code>) masks in common
          with another run.</p>
      `}
    </section>
  `;
}
