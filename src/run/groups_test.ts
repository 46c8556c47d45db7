import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildDataset } from "../data/build.ts";
import { loadDataset } from "../data/dataset.ts";
import { READING_DEFAULTS } from "../data/recording.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { doToyRun, halving, toyConfig, writeToyDataset } from "./testing.ts";

Deno.test("a summary has the group of each scored record if the data set has groups", async () => {
  await inTemporaryDirectory(async (directory) => {
    const out = writeToyDataset(directory);
    const config = toyConfig(out, { pruning: halving(0) });
    const plain = await doToyRun({ directory: path.join(directory, "plain"), config });
    assert.equal(plain.summary.dataset.groups, undefined);

    // Each subject has two records of one class.
    const labels = path.join(directory, "subjects.csv");
    const lines = ["slow", "fast"].flatMap((label) =>
      Array.from({ length: 20 }, (_, i) => `${label}${i},${label},${label} ${i >> 1}`)
    );
    fs.writeFileSync(labels, ["record,label,subject", ...lines].join("\n"));
    buildDataset({
      source: path.join(directory, "records"),
      labels,
      group: "subject",
      ...READING_DEFAULTS,
      out,
      split: { method: "stratified", dev: 0.2, test: 0.2, seed: 1 },
      skipBad: false,
    });
    const { splits } = loadDataset(out);
    const run = path.join(directory, "run");
    const { summary } = await doToyRun({ directory: run, config });
    const subjects = new Map(lines.map((line) => [line.split(",")[0]!, line.split(",")[2]!]));
    for (const side of ["dev", "test"] as const) {
      const expected = splits[side].ids.map((id) => [id, subjects.get(id)!]);
      assert.deepEqual(Object.entries(summary.dataset.groups![side]).sort(), expected.sort());
      assert.ok(expected.length > 0);
    }
    const saved = JSON.parse(fs.readFileSync(path.join(run, "summary.json"), "utf8"));
    assert.deepEqual(saved.dataset, summary.dataset);
  });
});
