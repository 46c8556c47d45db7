/**
 * The steps of a record as a table.
 *
 * @module
 */
import type { Kind } from "../format.ts";
import type { Table } from "../tables.ts";
import type { EcgData, PackedRecord } from "./record.ts";

type Network = "dense" | "ticket";

/** One row per step: when it is, what the networks say, and how sure they are. */
export function stepTable(record: PackedRecord, networks: EcgData["networks"]): Table {
  const { steps, probabilities, classes, stepSeconds } = record;
  const named = (label: number | undefined) => label === undefined ? null : classes[label] ?? "?";
  const shown: Network[] = steps.dense ? ["dense", "ticket"] : ["ticket"];
  const column = (label: string, kind: Kind) => ({ label, kind });
  return {
    columns: [
      column("Step", "integer"),
      column("From", "seconds"),
      column("To", "seconds"),
      ...shown.map((network) => column(networks[network], "text")),
      ...(steps.dense ? [column("Agree", "text")] : []),
      ...shown.flatMap((network) =>
        probabilities[network]
          ? classes.map((name) => column(`${networks[network]}: ${name}`, "percent"))
          : []
      ),
    ],
    rows: steps.ticket.map((_, i) => [
      i + 1,
      i * stepSeconds,
      (i + 1) * stepSeconds,
      ...shown.map((network) => named(steps[network]?.[i])),
      ...(steps.dense ? [steps.dense[i] === steps.ticket[i] ? "yes" : "no"] : []),
      ...shown.flatMap((network) => {
        const rows = probabilities[network];
        return rows ? classes.map((_, c) => rows[i]?.[c] ?? null) : [];
      }),
    ]),
  };
}

/** The steps of all records below one another, the record's name and true class first. */
export function allStepsTable({ records, networks }: EcgData): Table {
  const tables = records.map((record) => ({ record, table: stepTable(record, networks) }));
  const columns = tables.map(({ table }) => table.columns)
    .sort((a, b) => b.length - a.length)[0] ?? [];
  return {
    columns: [{ label: "Record", kind: "text" }, { label: "True class", kind: "text" }, ...columns],
    rows: tables.flatMap(({ record, table }) => {
      const at = new Map(table.columns.map(({ label }, i) => [label, i]));
      return table.rows.map((row) => [
        record.name,
        record.truth,
        ...columns.map(({ label }) => row[at.get(label) ?? -1] ?? null),
      ]);
    }),
  };
}

/** What was said about every record, for the list. */
export function recordTable({ records, networks }: EcgData): Table {
  return {
    columns: [
      { label: "Record", kind: "text" },
      { label: "True class", kind: "text" },
      { label: networks.dense, kind: "text" },
      { label: networks.ticket, kind: "text" },
      { label: "Seconds", kind: "seconds" },
      { label: "Steps", kind: "integer" },
      { label: "Steps that differ", kind: "integer" },
    ],
    rows: records.map((record) => {
      const { classes, votes, steps } = record;
      return [
        record.name,
        record.truth,
        votes.dense === null ? null : classes[votes.dense] ?? "?",
        classes[votes.ticket] ?? "?",
        record.seconds,
        steps.ticket.length,
        steps.dense === null
          ? null
          : steps.ticket.filter((label, i) => label !== steps.dense![i]).length,
      ];
    }),
  };
}
