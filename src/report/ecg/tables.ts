/**
 * The steps of a record as a table.
 *
 * @module
 */
import type { Kind } from "../format.ts";
import type { Table } from "../tables.ts";
import { disagreements, type EcgData, type PackedRecord } from "./record.ts";

type Network = "dense" | "ticket";

/** One row per step: its time, the labels of the networks, and their probabilities. */
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

/** The predictions for every record, for the list; columns without any value are left out. */
export function recordTable({ records, networks }: EcgData): Table {
  const hasTruth = records.some(({ truth }) => truth !== null);
  const hasDense = records.some(({ steps }) => steps.dense !== null);
  const hasBeats = records.some(({ beatsPerMinute }) => beatsPerMinute !== undefined);
  const rounded = (rate: number | null | undefined) => rate == null ? null : Math.round(rate);
  // Shares have columns only if all records have the same classes.
  const names = records.find(({ overall }) => overall !== null)?.classes ?? [];
  const shared = records.every(({ classes }) =>
    classes.length === names.length && classes.every((name, c) => name === names[c])
  );
  const classes = shared ? names : [];
  const column = (label: string, kind: Kind) => ({ label, kind });
  return {
    columns: [
      column("Record", "text"),
      ...(hasTruth ? [column("True class", "text")] : []),
      ...(hasDense ? [column(networks.dense, "text")] : []),
      column(networks.ticket, "text"),
      ...classes.map((name) => column(name, "percent")),
      ...(hasBeats ? [column("Beats/min", "integer")] : []),
      column("Seconds", "seconds"),
      column("Steps", "integer"),
      ...(hasDense ? [column("Steps that differ", "integer")] : []),
    ],
    rows: records.map((record) => {
      const { votes, steps, overall } = record;
      const named = (label: number | null) => label === null ? null : record.classes[label] ?? "?";
      return [
        record.name,
        ...(hasTruth ? [record.truth] : []),
        ...(hasDense ? [named(votes.dense)] : []),
        named(votes.ticket),
        ...classes.map((_, c) => overall?.[c] ?? null),
        ...(hasBeats ? [rounded(record.beatsPerMinute)] : []),
        record.seconds,
        steps.ticket.length,
        ...(hasDense ? [disagreements(record)] : []),
      ];
    }),
  };
}
