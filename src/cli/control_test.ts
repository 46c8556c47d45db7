import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Summary } from "../results/summary.ts";
import { withToyDataset } from "../run/testing.ts";
import { outcome, stoppedOnceSaved, toyArgs } from "./testing.ts";

function summaryOf(run: string): Summary {
  return JSON.parse(fs.readFileSync(runFiles.summary(run), "utf8"));
}

Deno.test("controls of a finished run work from the command line to the report, and continue after a stop", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "base");
    const early = await outcome(["control", "--run", run, "--kind", "reinit"]);
    assert.equal(early.code, 2);
    assert.match(early.err, /^error: Cannot take masks from .*base: there is no run in/);
    const base = await outcome(toyArgs(data, run));
    assert.equal(base.code, 0, base.err);

    for (const kind of ["shuffle", "dense-small"]) {
      const control = await outcome(["control", "--run", run, "--kind", kind, "--rounds", "2"]);
      assert.equal(control.code, 0, control.err);
      assert.match(control.out, new RegExp(`Control ${kind} of .*fewer weights .* scores`));
      const summary = summaryOf(`${run}-${kind}`);
      assert.deepEqual(summary.rounds.map(({ round }) => round), [2]);
      assert.ok(fs.existsSync(path.join(`${run}-${kind}`, "report.html")));
    }

    // A copy that has left its masks behind, or whose disk cut one off.
    const copy = path.join(directory, "copy");
    fs.cpSync(run, copy, { recursive: true });
    const mask = roundFiles.mask(runFiles.round(copy, 1));
    for (const spoil of [() => fs.truncateSync(mask, 100), () => fs.rmSync(mask)]) {
      spoil();
      const spoilt = await outcome(["control", "--run", copy, "--kind", "shuffle"]);
      assert.equal(spoilt.code, 1, spoilt.err);
      assert.match(
        spoilt.err,
        /^error: .*mask\.safetensors is damaged: .*; delete .*DONE and continue/,
      );
      assert.doesNotMatch(spoilt.err, /\n\s+at /);
      assert.ok(!fs.existsSync(`${copy}-shuffle`), "a control was begun");
    }

    const named = path.join(directory, "fresh");
    const args = ["control", "--run", run, "--kind", "reinit", "--name", named];
    const half = await stoppedOnceSaved([...args, "--checkpoint-every", "0"], named);
    assert.equal(half.code, 130, half.err);
    assert.match(half.out, /Continue with: deno task lth --name \S+fresh --resume/);
    const again = await outcome(args);
    assert.equal(again.code, 2);
    assert.match(again.err, /unfinished run .*: add --resume/);
    const other = await outcome([...args, "--rounds", "1", "--resume"]);
    assert.equal(other.code, 2);
    assert.match(other.err, /control\.rounds: \[1,2\], not \[1\]/);
    const resumed = await outcome([...args, "--resume"]);
    assert.equal(resumed.code, 0, resumed.err);
    assert.ok(summaryOf(named).complete);
  }));

Deno.test("mistakes in control give one sentence and exit code 2", async () => {
  const cases: [string[], RegExp][] = [
    [["control"], /required option '--run/],
    [["control", "--run", "x"], /required option '--kind/],
    [
      ["control", "--run", "x", "--kind", "reset"],
      /Allowed choices are continue, reinit, shuffle, random-erk/,
    ],
    [["control", "--run", "x", "--kind", "reinit", "--rounds", "-1"], /round numbers, as in 1,3/],
    [["control", "--run", "no-such-run", "--kind", "reinit"], /there is no run in/],
    [["--criterion", "snip", "--mode", "finetune"], /criterion snip with mode finetune/],
    [["--criterion", "synflow", "--rewind-to", "2ep"], /--criterion synflow and --rewind-to/],
    [["--keep-layers", "tail", "--name", "no-tail"], /Cannot keep layer tail: this network has/],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await outcome(args);
    assert.equal(code, 2, `${args}: ${err}`);
    assert.match(err, message);
    assert.doesNotMatch(err, /\n\s+at /, `${args} shows a stack trace`);
  }
});
