/**
 * The key numbers at the top of the page, each with bars over the rounds.
 *
 * @module
 */
import { type ReportData, resultSplit, type RoundData, type Value } from "./data.ts";
import { format } from "./format.ts";
import { sparsest } from "./headline.ts";
import { type Html, html } from "./html.ts";
import { evenly, sparkBars } from "./spark.ts";

/** Weights, score, multiply-adds, size and time of the sparsest round, compared with the dense one. */
export function tiles(data: ReportData): Html | null {
  const ticket = sparsest(data.rounds);
  const dense = data.rounds.find((round) => round.round === 0);
  if (!ticket || !dense) return null;
  const split = resultSplit(data.rounds);
  const drawn = evenly(data.rounds, 28);
  const tile = (label: string, value: string, { detail, of }: {
    detail: string;
    of: (round: RoundData) => Value;
  }) =>
    html`
      <div class="tile">
        <dt>${label}</dt>
        <dd>
          <strong>${value}</strong>
          <span>${detail}</span>
          ${sparkBars(drawn.map(of))}
        </dd>
      </div>
    `;
  return html`
    <dl class="tiles">
      ${tile("Weights kept", format(ticket.density, "percent"), {
        detail: `${format(ticket.kept, "integer")} of ${format(ticket.prunable, "integer")}`,
        of: (round) => round.density,
      })}
      ${tile(`${data.metric} on ${split}`, format(ticket[split]?.score, "score"), {
        detail: `dense ${format(dense[split]?.score, "score")}`,
        of: (round) => round[split]?.score ?? null,
      })}
      ${tile("Multiply-adds", format(ticket.macs, "macs"), {
        detail: `dense ${format(dense.macs, "macs")}`,
        of: (round) => round.macs,
      })}
      ${tile("Bytes stored", format(ticket.sparseBytes, "bytes"), {
        detail: `dense ${format(ticket.denseBytes, "bytes")}`,
        of: (round) => round.sparseBytes,
      })}
      ${dense.secondsPerEpoch === null ? null : tile(
        "Seconds per epoch",
        format(ticket.secondsPerEpoch, "seconds"),
        {
          detail: `dense ${format(dense.secondsPerEpoch, "seconds")}`,
          of: (round) => round.secondsPerEpoch,
        },
      )}
    </dl>
  `;
}
