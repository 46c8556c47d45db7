/**
 * The tables of an analysis.
 *
 * @module
 */
import { sumOf } from "./charts/tickets.ts";
import type { ReportData, RoundData, Value } from "./data.ts";
import { format, type Kind } from "./format.ts";
import type { Table } from "./tables.ts";

const column = (label: string, kind: Kind) => ({ label, kind });

/** The columns of each chart of an analysis. */
const SHOWN = {
  untrained: [
    ["Dev score, trained", "score", ({ dev }) => dev.score],
    ["untrained", "score", ({ ticket }) => ticket?.untrained ?? null],
    ["signs only", "score", ({ ticket }) => ticket?.signs ?? null],
  ],
  barrier: [["Instability", "percent", ({ ticket }) => ticket?.instability ?? null]],
  overlap: [
    ["Mask overlap", "score", ({ ticket }) => ticket?.overlap ?? null],
    ["by chance", "score", ({ ticket }) => ticket?.overlapByChance ?? null],
  ],
  speed: [
    ["Epochs to threshold", "integer", ({ ticket }) => ticket?.epochsToThreshold ?? null],
    ["Epoch of lowest loss", "integer", ({ ticket }) => ticket?.lowestLossEpoch ?? null],
  ],
} satisfies Record<string, [label: string, kind: Kind, value: (round: RoundData) => Value][]>;

/** The table of one of the charts of an analysis. */
export function ticketTable({ rounds }: ReportData, chart: keyof typeof SHOWN): Table {
  const shown: readonly [string, Kind, (round: RoundData) => Value][] = SHOWN[chart];
  return {
    columns: [
      column("Round", "integer"),
      column("Density", "percent"),
      ...shown.map(([label, kind]) => column(label, kind)),
    ],
    rows: rounds.map((round) => [
      round.round,
      round.density,
      ...shown.map(([, , value]) => value(round)),
    ]),
  };
}

/** Filters that do nothing, over all layers. */
export function filterTable({ rounds }: ReportData): Table {
  return {
    columns: [
      column("Round", "integer"),
      column("Density", "percent"),
      column("Filters", "integer"),
      column("Constant", "integer"),
      column("Unused", "integer"),
      column("Empty", "integer"),
    ],
    rows: rounds.map(({ round, density, filters }) => [
      round,
      density,
      sumOf(filters, "filters"),
      sumOf(filters, "constant"),
      sumOf(filters, "unused"),
      sumOf(filters, "empty"),
    ]),
  };
}

/** Errors on the straight line between two data orders: a row per round, a column per position. */
export function barrierTable({ rounds }: ReportData): Table {
  const having = rounds.flatMap(({ round, ticket }) =>
    ticket?.line ? [{ round, line: ticket.line }] : []
  );
  const places = [...new Set(having.flatMap(({ line }) => line.map(([at]) => at)))].sort((a, b) =>
    a - b
  );
  return {
    columns: [
      column("Round", "integer"),
      ...places.map((at) => column(`Error at ${format(at, "percent")}`, "percent")),
    ],
    rows: having.map(({ round, line }) => {
      const found = new Map(line);
      return [round, ...places.map((at) => found.get(at) ?? null)];
    }),
  };
}
