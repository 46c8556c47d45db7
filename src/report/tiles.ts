/**
 * The key numbers at the top of the page, each with bars over the rounds.
 *
 * @module
 */
import { interval } from "./charts/scores.ts";
import {
  denseOf,
  onlyNetwork,
  type ReportData,
  resultSplit,
  type RoundData,
  type SplitData,
  type Value,
} from "./data.ts";
import { format } from "./format.ts";
import { sparsest } from "./headline.ts";
import { type Html, html } from "./html.ts";
import { evenly, sparkBars } from "./spark.ts";

/**
 * Weights, score, multiply-adds, size and time of the sparsest round, compared with the dense one; of the run's only
 * network its score with the interval.
 */
export function tiles(data: ReportData): Html | null {
  const ticket = sparsest(data.rounds);
  const only = onlyNetwork(data);
  const dense = denseOf(data.rounds) ?? only;
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
          ${only ? null : sparkBars(drawn.map(of))}
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
        detail: only ? intervalText(only[split]) : `dense ${format(dense[split]?.score, "score")}`,
        of: (round) => round[split]?.score ?? null,
      })}
      ${tile("Multiply-adds", format(ticket.macs, "macs"), {
        detail: `dense ${format(dense.denseMacs, "macs")}`,
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
          detail: only ? "of training" : `dense ${format(dense.secondsPerEpoch, "seconds")}`,
          of: (round) => round.secondsPerEpoch,
        },
      )}
    </dl>
  `;
}

function intervalText(scores: SplitData | null): string {
  const limits = interval(scores);
  return limits === null
    ? "no interval"
    : `95 % ${limits.map((limit) => format(limit, "score")).join(" to ")}`;
}
