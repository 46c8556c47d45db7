import assert from "node:assert/strict";
import { collect } from "./collect.ts";
import { fixtureSummary, fixtureTiming } from "./fixture.ts";
import * as tables from "./tables.ts";

const summary = fixtureSummary({ rounds: 5 });
const data = collect(summary, fixtureTiming(summary));

/** A column of a table by its label. */
function column(table: tables.Table, label: string) {
  const at = table.columns.findIndex((head) => head.label === label);
  assert.ok(at >= 0, `no column ${label}`);
  return table.rows.map((row) => row[at]);
}

Deno.test("all rows have as many values as there are columns", () => {
  const all = [
    tables.scoreTable(data),
    tables.classTable(data),
    tables.costTable(data),
    tables.allEpochsTable(data),
    tables.allLayersTable(data),
    tables.confusionTable(data),
  ];
  for (const table of all) {
    assert.ok(table.rows.length > 0);
    table.rows.forEach((row) => assert.equal(row.length, table.columns.length));
  }
});

Deno.test("the score table holds the summary's scores and their change from dense", () => {
  const table = tables.scoreTable(data);
  const test = summary.rounds.map((round) => round.test?.score ?? NaN);
  assert.deepEqual(column(table, "Test score"), test);
  assert.deepEqual(
    column(table, "Test, change from dense"),
    test.map((score) => score - (test[0] ?? NaN)),
  );
  assert.deepEqual(
    column(table, "Dev right after pruning"),
    summary.rounds.map((round) => round.afterPruning?.score ?? null),
  );
});

Deno.test("a run without test split has no test columns", () => {
  const table = tables.scoreTable(collect(fixtureSummary({ rounds: 2, test: false }), null));
  assert.ok(!table.columns.some((head) => head.label.startsWith("Test")));
  assert.equal(table.rows[0]?.length, table.columns.length);
});

Deno.test("the confusion table adds up to the records of both splits", () => {
  const total = column(tables.confusionTable(data), "Records")
    .reduce((sum: number, count) => sum + Number(count), 0);
  const records = summary.rounds.reduce((n, r) => n + r.dev.records + (r.test?.records ?? 0), 0);
  assert.equal(total, records);
});

Deno.test("the layer table of a round adds up to its kept weights", () => {
  const round = data.rounds[3];
  if (!round) throw new Error("the fixture has no round 3");
  const kept = column(tables.layerTable(data, round), "Kept");
  assert.equal(kept.reduce((sum: number, count) => sum + Number(count), 0), round.kept);
});

Deno.test("an empty run has empty tables", () => {
  const empty = collect(fixtureSummary({ rounds: 0 }), null);
  for (const make of [tables.scoreTable, tables.classTable, tables.allEpochsTable]) {
    assert.deepEqual(make(empty).rows, []);
  }
});
