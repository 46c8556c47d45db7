import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "../core/paths.ts";
import { writeRun } from "./fixture.ts";
import { allTable, denseTable, methodTable, pairTable, scoreTable } from "./tables.ts";
import { compareDirectories, withDirectory } from "./testing.ts";

Deno.test("a method comes before its controls, and every cell of a comparison has a reason", () =>
  withDirectory((directory) => {
    const base = writeRun(directory, { name: "base", mode: "lr-rewind", rounds: 4 });
    const on = writeRun(directory, {
      ...{ name: "on", mode: "lr-rewind", rounds: 3, planned: 2 },
      control: { kind: "continue", base },
    });
    const shuffled = writeRun(directory, {
      ...{ name: "shuffled", mode: "lr-rewind", control: { kind: "shuffle", base } },
      change: (summary) => (summary.rounds = summary.rounds.slice(2, 3)),
    });
    const comparison = compareDirectories([shuffled, on, base]);
    assert.deepEqual(comparison.methods.map(({ name }) => name), [
      ...["lr-rewind", "continue of lr-rewind", "shuffle of lr-rewind"],
    ]);
    const cells = (table: ReturnType<typeof denseTable>, label: string) => {
      const column = table.columns.findIndex((own) => own.label === label);
      return table.rows.map((row) => row[column]);
    };
    // The third pruned round has no dense network of as many epochs, and neither has a dense network that is trained on.
    assert.deepEqual(cells(denseTable(comparison), "Compared with"), [
      ...[null, "dense of equal training", "dense of equal training", "dense"],
      ...[null, "dense", "dense"],
      ...[null, "dense of equal training"],
    ]);
    assert.deepEqual(cells(methodTable(comparison), "Largest matching θ")[1], "not pruned");
    assert.deepEqual(new Set(cells(scoreTable(comparison), "Lowest")), new Set([null]));
    for (const table of [methodTable, scoreTable, denseTable, pairTable]) {
      const labels = table(comparison).columns.map(({ label }) => label);
      assert.deepEqual(labels, [...new Set(labels)], "no heading twice");
    }
  }));

Deno.test("docs/reports.md names every column of comparison.csv", () =>
  withDirectory((directory) => {
    const comparison = compareDirectories([writeRun(directory, { name: "one", rounds: 2 })]);
    const text = fs.readFileSync(path.join(ROOT, "docs/reports.md"), "utf8");
    const rows = text.slice(text.indexOf("## Files of a comparison")).match(/^\| `.*? \|/gm)!;
    const named = rows.flatMap((row) => [...row.matchAll(/`(.*?)`/g)].map(([, name]) => name));
    const columns = allTable(comparison).columns.map(({ label }) => label);
    assert.deepEqual(named.toSorted(), columns.toSorted());
  }));
