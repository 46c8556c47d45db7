import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { writeRun } from "../compare/fixture.ts";
import { withDirectory } from "../compare/testing.ts";
import { ROOT } from "../core/paths.ts";

const { tasks } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
const COMMAND: string[] = tasks.compare.command.split(" ").slice(1);

function compare(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], {
    encoding: "utf8",
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

Deno.test("compare prints the verdicts and writes its three files", () =>
  withDirectory((directory) => {
    const runs = (["weight-rewind", "finetune"] as const).map((mode, i) =>
      writeRun(directory, {
        name: mode,
        mode,
        quality: (round) => i === 0 ? 0.9 : 0.9 - 0.2 * round,
      })
    );
    const out = path.join(directory, "out/page.html");
    const { status, stdout, stderr } = compare(...runs, "--out", out, "--draws", "500");
    assert.equal(status, 0, stderr);
    assert.match(stdout, /finetune .*2\.7x .*worse/);
    assert.match(
      stdout,
      /^finetune against weight-rewind, mean of 3 densities .*worse: difference −0/m,
    );
    assert.match(stdout, /500 draws \(seed 1\) of the 60 test records/);
    assert.deepEqual(fs.readdirSync(path.join(directory, "out")).sort(), ["page", "page.html"]);
    const files = ["comparison.json", "comparison.csv"].map((name) =>
      path.join(directory, "out/page", name)
    );
    [...files, out].forEach((file) => {
      assert.ok(fs.existsSync(file) && stdout.includes(file), file);
    });
    assert.equal(JSON.parse(fs.readFileSync(files[0]!, "utf8")).draws, 500);
  }));

Deno.test("names from files cannot send control characters to the terminal", () =>
  withDirectory((directory) => {
    const criterion = "\u001b[2Jred\u009b31m";
    const run = writeRun(directory, {
      name: "run",
      change: (summary) => Object.assign(summary.config, { pruning: { criterion } }),
    });
    const { status, stdout } = compare(run, "--out", path.join(directory, "x"), "--draws", "100");
    assert.equal(status, 0);
    assert.match(stdout, /\?\[2Jred\?31m/);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(stdout, /[\x1b\x9b]/);
  }));

Deno.test("compare refuses incomparable runs, without a stack trace and without output", () =>
  withDirectory((directory) => {
    const good = writeRun(directory, { name: "good" });
    const half = writeRun(directory, { name: "half", rounds: 2, planned: 4, mode: "finetune" });
    const alien = writeRun(directory, {
      name: "alien",
      mode: "finetune",
      change: (summary) => (summary.dataset.sha256 = "00"),
    });
    const torn = writeRun(directory, { name: "torn", mode: "finetune" });
    fs.rmSync(path.join(torn, "round-002/predictions.csv"));
    const out = path.join(directory, "out");
    const cases: [args: string[], status: number, message: RegExp][] = [
      [[], 2, /missing required argument 'runs'\n\(--help shows what the command needs\)/],
      [["no-such-run-here"], 2, /no such directory/],
      [[".."], 2, /Cannot name a run/],
      [[good, half], 2, /not finished .* --allow-incomplete/],
      [[good, alien], 2, /differ in the data set/],
      [[good, good], 2, /named twice/],
      [[good, torn], 1, /Cannot read the predictions of round 2, .*predictions.csv: no such file/],
      [[good, "--draws", "5"], 2, /from 100 to/],
      [[good, "--margin", "0"], 2, /Expected a number/],
      [[good, "--split", "train"], 2, /Allowed choices are test, dev/],
      [[good, "--spilt", "dev"], 2, /--split/],
    ];
    for (const [args, expected, message] of cases) {
      const { status, stderr, stdout } = compare(...args, "--out", out);
      assert.equal(status, expected, `${args}: ${stderr}`);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\bat .*\.ts:/);
      assert.equal(stdout, "");
      assert.ok(!fs.existsSync(out) && !fs.existsSync(`${out}.html`));
    }
    const { status } = compare(good, half, "--allow-incomplete", "--out", out, "--draws", "100");
    assert.equal(status, 0);
  }));
