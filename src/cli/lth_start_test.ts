import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { runFiles } from "../core/paths.ts";
import { assertSameResults, withToyDataset } from "../run/testing.ts";
import { collect } from "../study/collect.ts";
import { lth, outcome, toyArgs } from "./testing.ts";

Deno.test("if several processes start one run at once, one trains it and the others name that process and refuse", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const args = [...toyArgs(data, run), "--epochs", "200", "--rounds", "0"];
    // Each process asks for different settings; the run must have the settings of one of them.
    const children = [11, 12, 13].map((seed) => lth([...args, "--seed", String(seed)]).spawn());
    let left = children.length;
    const ends = await Promise.all(children.map(async (child) => {
      const { code, stderr } = await child.output();
      // The last process left is the one that trains.
      if (--left === 1) { for (const other of children) stop(other); }
      return { code, err: new TextDecoder().decode(stderr), pid: child.pid };
    }));
    const winner = ends.find(({ code }) => code === 130 || code === 0);
    assert.ok(winner, ends.map(({ err }) => err).join("\n"));
    for (const { code, err } of ends.filter((end) => end !== winner)) {
      assert.equal(code, 2, err);
      assert.match(
        err,
        new RegExp(
          `process ${winner.pid} on .* has been running it|already a run .* with other settings`,
        ),
      );
    }
    assert.ok(fs.existsSync(runFiles.latest(run)) || fs.existsSync(runFiles.summary(run)));
    const { seed } = JSON.parse(fs.readFileSync(runFiles.config(run), "utf8"));
    assert.equal(seed, 11 + ends.indexOf(winner));
  }));

function stop(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended.
  }
}

Deno.test("--fork starts a new run from the rounds of a stopped run, and does not change the stopped run", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const [base, fork, alone] = [at("base"), at("fork"), at("alone")];
    const done = await outcome(toyArgs(data, base));
    assert.equal(done.code, 0, done.err);
    const before = fs.readdirSync(base, { recursive: true }).length;
    const forked = await outcome([
      ...["--name", base, "--resume", "--fork", fork, "--rounds", "3", "--backend", "cpu"],
    ]);
    assert.equal(forked.code, 0, forked.err);
    assert.match(forked.out, /forked from .*base, rounds 0 to 2/);
    assert.doesNotMatch(forked.out, /Round [012]/);
    const whole = await outcome([...toyArgs(data, alone), "--rounds", "3"]);
    assert.equal(whole.code, 0, whole.err);
    assertSameResults(fork, alone);
    assert.equal(fs.readdirSync(base, { recursive: true }).length, before);

    const refused: [string[], RegExp][] = [
      [["--fork", fork], /Cannot use --fork alone/],
      [["--take-over", "node7"], /Cannot use --take-over node7 without --resume/],
      [["--name", at("nowhere"), "--resume", "--fork", at("x")], /there is no run in/],
      [
        ["--name", base, "--resume", "--fork", fork],
        new RegExp(`There is already a run in .*--name ${fork} --resume, or`),
      ],
      [
        ["--name", base, "--resume", "--fork", at("x"), "--epochs", "4"],
        /training\.epochs: 10, not 4/,
      ],
      [["--name", base, "--resume", "--rounds", "3"], /pruning\.rounds: 2, not 3.*--fork NEW/],
    ];
    for (const [args, message] of refused) {
      const { code, err } = await outcome(args);
      assert.equal(code, 2, `${args}: ${err}`);
      assert.match(err, message);
      assert.doesNotMatch(err, /\n\s+at /, `${args} shows a stack trace`);
    }
  }));

Deno.test("a run killed before its last report was written writes that report when it is resumed", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const report = path.join(run, "report.html");
    const done = await outcome(toyArgs(data, run));
    assert.equal(done.code, 0, done.err);
    const pages = () => fs.readFileSync(report, "utf8").trimEnd();
    assert.ok(pages().endsWith("</html>"));
    for (const left of [null, "<html>of the round before</html>"]) {
      if (left === null) fs.rmSync(report);
      else fs.writeFileSync(report, left);
      const resumed = await outcome([...toyArgs(data, run), "--resume"]);
      assert.equal(resumed.code, 0, resumed.err);
      assert.ok(pages().endsWith("</html>") && pages() !== left);
    }
  }));

Deno.test("training that diverges ends with one sentence and exit code 1", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const args = [...toyArgs(data, run), "--learning-rate", "1e37"];
    for (const onNan of ["stop", "skip"]) {
      const { code, err } = await outcome([
        ...args,
        "--name",
        `${run}-${onNan}`,
        "--on-nan",
        onNan,
      ]);
      assert.equal(code, 1, err);
      assert.match(err, /^error: Training diverged.*\n$/);
    }
  }));

Deno.test("a copy that a study keeps is not trained again over its results", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const done = await outcome([...toyArgs(data, run), "--rounds", "0"]);
    assert.equal(done.code, 0, done.err);
    const copy = collect(run, { group: path.join(directory, "group"), allowIncomplete: false });
    const before = fs.readdirSync(copy, { recursive: true }).sort();
    for (const more of [["--resume"], []]) {
      const { code, err } = await outcome([...toyArgs(data, copy), "--rounds", "0", ...more]);
      assert.equal(code, 2, err);
      assert.match(
        err,
        /^error: Cannot continue .*: it is a copy for a study.* --config \S+config\.json /,
      );
    }
    assert.deepEqual(fs.readdirSync(copy, { recursive: true }).sort(), before);
    for (const more of [["--resume"], []]) {
      const { code, err } = await outcome(
        ["control", "--run", run, "--kind", "continue", "--rounds", "1", "--name", copy, ...more],
      );
      assert.equal(code, 2, err);
      assert.match(
        err,
        /^error: Cannot continue .*: it is a copy for a study.* choose another --name/,
      );
    }
    assert.deepEqual(fs.readdirSync(copy, { recursive: true }).sort(), before);
    const again = path.join(directory, "again");
    const config = ["--config", runFiles.config(copy), "--name", again];
    const { code, err } = await outcome(config);
    assert.equal(code, 0, err);
    assertSameResults(again, run);
  }));
