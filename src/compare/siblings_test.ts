import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { writeJson } from "../core/files.ts";
import { readSummary } from "../report/read_run.ts";
import { compareRuns } from "./compare.ts";
import { type RunFixture, writeRun } from "./fixture.ts";
import { pairedInterval } from "./paired.ts";
import { readRuns } from "./run.ts";
import { replicatesOf } from "./siblings.ts";
import { withDirectory } from "./testing.ts";

/** A run with its configuration beside its summary. */
function write(directory: string, fixture: RunFixture): string {
  const run = writeRun(directory, fixture);
  const { config, mode } = readSummary(run);
  writeJson(path.join(run, "config.json"), { ...config, mode, control: fixture.control ?? null });
  return run;
}

Deno.test("replicates are the neighbours with another seed and nothing else, as far as they can be read", () =>
  withDirectory((directory) => {
    const own = write(directory, { name: "a", seed: 1 });
    write(directory, { name: "b", seed: 2 });
    write(directory, { name: "c", seed: 3 });
    write(directory, { name: "same-seed", seed: 1 });
    write(directory, { name: "other-mode", seed: 2, mode: "finetune" });
    write(directory, { name: "control", seed: 2, control: { kind: "reinit", base: "b" } });
    const data = (summary: { dataset: { sha256: string } }) => (summary.dataset.sha256 = "00");
    write(directory, { name: "other-data", seed: 2, change: data });
    write(directory, { name: "fold", seed: 2, folds: { count: 2, fold: 1 } });
    fs.writeFileSync(path.join(write(directory, { name: "broken", seed: 4 }), "summary.json"), "{");
    fs.mkdirSync(path.join(directory, "empty"));
    const found = replicatesOf(own, readSummary(own));
    assert.deepEqual(found.map(({ name }) => name), ["b", "c"]);
  }));

Deno.test("the interval of a run alone is the one that a comparison of it gives", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, {
      name: "a",
      quality: (round) => 0.9 - 0.1 * round,
      records: 91,
    });
    const { runs, split } = readRuns([run], { allowIncomplete: false, showTest: false });
    const options = { split, draws: 10_000, seed: 1, margin: 0.01 };
    const { low, high } = compareRuns(runs, options).methods[0]!.levels.at(-1)!.toDense!;
    const interval = pairedInterval(run, readSummary(run), { a: 3, b: 0 });
    assert.deepEqual(interval, { low, high, draws: 10_000 });
    assert.ok(low < high && high < 0, `${low} ${high}`);
    fs.rmSync(path.join(run, "round-003/predictions.csv"));
    assert.equal(pairedInterval(run, readSummary(run), { a: 3, b: 0 }), null);
  }));
