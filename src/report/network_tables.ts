/**
 * The tables of the only network of a run.
 *
 * @module
 */
import { interval } from "./charts/scores.ts";
import { onlyNetwork, type ReportData, type RoundData, type Split } from "./data.ts";
import type { Table } from "./tables.ts";

/** The evaluations as the page names them. */
export const SPLIT_NAMES: Readonly<Record<Split, string>> = {
  test: "Test",
  dev: "Dev",
  afterPruning: "Dev, right after pruning",
};

/** The evaluations that a round has. */
export function splitsOf(round: RoundData): Split[] {
  return (Object.keys(SPLIT_NAMES) as Split[]).filter((split) => round[split] !== null);
}

/** What a table says about the only network of a run is the same in every row of these columns. */
const OF_ROUNDS = ["Round", "Density"];

/** A table of rounds as one of the only network. */
export function withoutRounds({ columns, rows }: Table): Table {
  const own = columns.map(({ label }) => !OF_ROUNDS.includes(label));
  return {
    columns: columns.filter((_, i) => own[i]),
    rows: rows.map((row) => row.filter((_, i) => own[i])),
  };
}

/** The scores of the network, one row for each evaluation that there is. */
export function networkTable(data: ReportData): Table {
  const round = onlyNetwork(data);
  return {
    columns: [
      { label: "Split", kind: "text" },
      { label: "Records", kind: "integer" },
      { label: data.metric, kind: "score" },
      { label: "95 % from", kind: "score" },
      { label: "to", kind: "score" },
      ...data.classes.map((name) => ({ label: `F1 ${name}`, kind: "score" as const })),
      { label: "Accuracy", kind: "percent" },
      { label: "Loss", kind: "loss" },
    ],
    rows: (round ? splitsOf(round) : []).map((split) => {
      const scores = round![split]!;
      const [low, high] = interval(scores) ?? [null, null];
      const { records, score, f1, accuracy, loss } = scores;
      return [SPLIT_NAMES[split], records, score, low, high, ...f1, accuracy, loss];
    }),
  };
}
