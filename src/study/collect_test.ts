import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { writeRun } from "../compare/fixture.ts";
import { readPredictions } from "../compare/predictions.ts";
import { compareDirectories, withDirectory } from "../compare/testing.ts";
import { UsageError } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { addRuns, collect } from "./collect.ts";
import { readGroup } from "./group.ts";

Deno.test("a collected run has the same predictions and needs a third of the bytes", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "whole", rounds: 3 });
    const copy = collect(run, { group: path.join(directory, "group"), allowIncomplete: false });
    for (const round of [0, 1, 2]) {
      const asked = { round, split: "test", classes: ["N", "A", "O", "~"] };
      assert.deepEqual(readPredictions(copy, asked), readPredictions(run, asked));
      const size = (file: string) => fs.statSync(file).size;
      const packed = roundFiles.packedPredictions(runFiles.round(copy, round));
      assert.ok(3 * size(packed) < size(roundFiles.predictions(runFiles.round(run, round))));
    }
    const bytes = (folder: string) => fs.readFileSync(runFiles.summary(folder), "utf8");
    assert.equal(bytes(copy), bytes(run));
  }));

Deno.test("a run that is collected again leaves no round that it does not have", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "group");
    const options = { group, allowIncomplete: false };
    const copy = collect(writeRun(directory, { name: "run", rounds: 3 }), options);
    fs.rmSync(path.join(directory, "run"), { recursive: true });
    collect(writeRun(directory, { name: "run", rounds: 2 }), options);
    assert.deepEqual(
      fs.readdirSync(copy).filter((name) => name.startsWith("round-")).sort(),
      ["round-000", "round-001"],
    );
  }));

Deno.test("of a run of many rounds a group keeps and compares those that it names", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "study/toy");
    fs.mkdirSync(group, { recursive: true });
    fs.writeFileSync(path.join(group, "study.json"), '{"rounds": {"long": [3]}}');
    const run = writeRun(path.join(directory, "runs"), { name: "long-seed1", rounds: 4 });
    const [copy] = addRuns([run], { group, allowIncomplete: false });
    assert.deepEqual(
      fs.readdirSync(copy!).filter((name) => name.startsWith("round-")).sort(),
      ["round-000", "round-003"],
    );
    const whole = compareDirectories([run]).methods[0]!.levels;
    const { levels } = readGroup(group)!.comparison.methods[0]!;
    assert.deepEqual(levels.map(({ round }) => round), [0, 3]);
    assert.deepEqual(levels[1]!.cost, whole[3]!.cost, "rounds between count as training");
    assert.equal(levels[1]!.mean, whole[3]!.mean);
    assert.deepEqual(
      compareDirectories([copy!]).methods[0]!.levels.map(({ round }) => round),
      [0, 3],
      "by deno task compare, too",
    );
    fs.writeFileSync(path.join(group, "study.json"), '{"rounds": {"long": [30]}}');
    assert.throws(
      () => addRuns([run], { group, allowIncomplete: false }),
      /has no round 30, which study.json names; its rounds are 0 to 3/,
    );
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    addRuns([run], { group, allowIncomplete: false });
    assert.equal(compareDirectories([copy!]).methods[0]!.levels.length, 4);
    fs.writeFileSync(path.join(group, "study.json"), '{"rounds": {"long": [0, 3]}}');
    assert.throws(() => readGroup(group), /study\.json: rounds\.long\.0: .*>=1/);
  }));

Deno.test("a round that the group does not keep is no dense network of equal training", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "toy");
    const runs = path.join(directory, "runs");
    fs.mkdirSync(group);
    fs.writeFileSync(path.join(group, "study.json"), '{"rounds": {"a-continue": [2]}}');
    const ticket = writeRun(runs, { name: "a-seed1", mode: "lr-rewind", seed: 1, rounds: 3 });
    const longer = writeRun(runs, {
      ...{ name: "a-seed1-continue", mode: "lr-rewind", seed: 1, rounds: 3 },
      control: { kind: "continue", base: "a-seed1" },
    });
    addRuns([ticket, longer], { group, allowIncomplete: false });
    const { methods } = readGroup(group)!.comparison;
    const { levels } = methods.find(({ continued }) => !continued)!;
    assert.deepEqual(levels.map(({ toEqual }) => toEqual?.epochs.dense ?? null), [null, null, 36]);
  }));

Deno.test("a run that is not finished is not collected", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "half", rounds: 2, planned: 3 });
    assert.throws(
      () => collect(run, { group: path.join(directory, "group"), allowIncomplete: false }),
      UsageError,
    );
    assert.ok(!fs.existsSync(path.join(directory, "group")));
  }));

Deno.test("runs that the group could not be compared with are not added to it", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "study/toy");
    const runs = path.join(directory, "runs");
    writeRun(group, { name: "a", seed: 1, rounds: 3 });
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    const contents = () => (fs.readdirSync(group, { recursive: true }) as string[]).sort();
    const before = contents();
    const b = writeRun(runs, { name: "b", seed: 2, rounds: 3 });
    const other = writeRun(runs, {
      ...{ name: "other", seed: 3, rounds: 3 },
      change: (summary) => void (summary.dataset.sha256 = "00"),
    });
    const half = writeRun(runs, { name: "half", seed: 4, rounds: 2, planned: 3 });
    for (
      const [added, why] of [[other, /in the data set/], [half, /not a finished run/]] as const
    ) {
      assert.throws(() => addRuns([b, added], { group, allowIncomplete: false }), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, why);
        assert.ok(!error.message.includes(os.tmpdir() + "/lth-study-"), error.message);
        return true;
      });
      assert.deepEqual(contents(), before);
    }
    assert.deepEqual(addRuns([b], { group, allowIncomplete: false }), [path.join(group, "b")]);
    const both = contents();
    assert.ok(both.includes("b/summary.json"));
    addRuns([b], { group, allowIncomplete: false }); // again: it is replaced
    assert.deepEqual(contents(), both);
    assert.equal(readGroup(group)!.runs.length, 2);
  }));
