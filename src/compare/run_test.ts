import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import type { Summary } from "../results/summary.ts";
import { type RunFixture, writeRun } from "./fixture.ts";
import { readRuns } from "./run.ts";
import { compareDirectories, withDirectory } from "./testing.ts";

/** Comparing a normal run with `other` must fail with this message. */
function refused(other: Omit<RunFixture, "name">, message: RegExp): Promise<void> {
  return withDirectory((directory) => {
    const usual = writeRun(directory, { name: "usual" });
    const odd = writeRun(directory, { name: "weird", mode: "finetune", ...other });
    assert.throws(
      () => compareDirectories([usual, odd]),
      (error) => error instanceof UsageError && message.test(error.message),
    );
    assert.throws(() => compareDirectories([odd, usual]), UsageError);
  });
}

const changed = (change: (summary: Summary) => void) => ({ change });

Deno.test("runs of other data, classes, score or network are refused", async () => {
  await refused(
    changed(({ dataset }) => (dataset.sha256 = "00")),
    /they differ in the data set \(sha256\): "5f.*" and "00"/,
  );
  await refused({ classes: ["N", "A", "O", "x"] }, /differ in the classes: /);
  await refused(changed((summary) => (summary.metric.name = "macro F1")), /differ in the score: /);
  await refused(
    changed(({ config }) => (config["network"] = { filters: 99 })),
    /differ in the network: .*network\.filters: \d+, not 99 \(--filters\)/,
  );
  await refused(
    changed(({ rounds }) => rounds.forEach((round) => (round.prunable = 7))),
    /differ in the number of prunable weights: /,
  );
  await refused(
    { records: 61 },
    /different test records \((60 and 61|61 and 60); only one of them has "test-0060"/,
  );
});

Deno.test("unfinished runs are refused unless they are allowed", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "half", rounds: 2, planned: 5 });
    assert.throws(() => compareDirectories([run]), /not finished \(2 rounds so far\)/);
    const { notes, methods } = compareDirectories([run], { allowIncomplete: true });
    assert.ok(notes.includes("Not finished: half."));
    assert.equal(methods[0]!.levels.length, 2);
    // A user who watches test scores round by round starts to choose by them.
    const read = (options: Partial<Parameters<typeof readRuns>[1]>) =>
      readRuns([run], { allowIncomplete: true, showTest: false, ...options }).split;
    assert.equal(read({}), "dev");
    assert.throws(() => read({ split: "test" }), /on test before it is complete: .* --show-test/);
    assert.equal(read({ split: "test", showTest: true }), "test");
    const none = writeRun(directory, { name: "none", rounds: 0, planned: 5 });
    assert.throws(() => compareDirectories([none], { allowIncomplete: true }), /no round of it/);
  }));

Deno.test("a folder of runs stands for its runs; other files in it do not matter", () =>
  withDirectory((directory) => {
    const folder = path.join(directory, "folder");
    for (const seed of [1, 2]) writeRun(folder, { name: `run-${seed}`, seed, rounds: 2 });
    fs.writeFileSync(path.join(folder, "README.md"), "text");
    const names = compareDirectories([folder]).runs.map(({ name }) => name);
    assert.deepEqual(names, ["run-1", "run-2"]);
    assert.throws(() => compareDirectories([`${folder}/README.md`]), /README\.md: it is a file;/);
    assert.throws(() => compareDirectories([folder, `${folder}/run-1`]), /named twice/);
  }));

Deno.test("missing runs, and a run named twice, are refused", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "run" });
    assert.throws(() => compareDirectories([`${directory}/no`]), /no such directory/);
    assert.throws(() => compareDirectories(["../x y"]), UsageError);
    fs.mkdirSync(path.join(directory, "empty"));
    assert.throws(() => compareDirectories([`${directory}/empty`]), /no summary\.json/);
    fs.symlinkSync(run, path.join(directory, "link"));
    assert.throws(() => compareDirectories([run, `${directory}/link`]), /named twice/);
    const copy = writeRun(directory, { name: "copy" });
    assert.throws(() => compareDirectories([run, copy]), /same settings and the same seed/);
  }));

Deno.test("a run without a test split is compared on dev, and a note says so", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "run", test: false });
    const { split, notes } = compareDirectories([run]);
    assert.equal(split, "dev");
    assert.ok(notes.some((note) => /These are dev scores; dev decided nothing/.test(note)));
    assert.throws(() => compareDirectories([run], { split: "test" }), /no test split/);
  }));

Deno.test("damaged or contradictory files are failures", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "run" });
    const file = path.join(run, "round-001/predictions.csv");
    const text = fs.readFileSync(file, "utf8");
    const cases: [string, RegExp][] = [
      [text.replace(/^split,/, "splat,"), /its columns are "splat,/],
      [text.replace(/(test-0003,.),./, "$1,Q"), /line \d+ of .*expected a record and two of/],
      [text + text.slice(text.indexOf("\n") + 1), /names record "test-0000" twice/],
      [text.slice(0, text.lastIndexOf("test,")), /summary\.json says test score .* of 60 records/],
      [text.replace(/(test-0000,).,./, "$1A,N"), /predictions\.csv gives/],
      ['a,"b', /Cannot read .* as CSV/],
    ];
    for (const [damaged, message] of cases) {
      fs.writeFileSync(file, damaged);
      assert.throws(() => compareDirectories([run]), (error) => message.test(String(error)));
    }
    fs.rmSync(file);
    assert.throws(() => compareDirectories([run]), Failure);
    fs.writeFileSync(path.join(run, "summary.json"), "{");
    assert.throws(() => compareDirectories([run]), Failure);
  }));

Deno.test("records that runs label differently are refused", () =>
  withDirectory((directory) => {
    const swap = (run: string) => {
      for (let round = 0; round < 4; round++) {
        const file = path.join(run, `round-00${round}/predictions.csv`);
        const rows = fs.readFileSync(file, "utf8");
        // Exchanging two records' names keeps all scores.
        fs.writeFileSync(
          file,
          rows.replace("test-0000", "X").replace("test-0001", "test-0000").replace(
            "X",
            "test-0001",
          ),
        );
      }
    };
    const a = writeRun(directory, { name: "a" });
    const b = writeRun(directory, { name: "b", mode: "finetune" });
    swap(b);
    assert.throws(() => compareDirectories([a, b]), /label record "test-0000" differently/);
  }));
