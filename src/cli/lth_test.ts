import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { runFiles } from "../core/paths.ts";
import { withToyDataset } from "../run/testing.ts";
import { outcome, stoppedOnceSaved, toyArgs } from "./testing.ts";

Deno.test("SIGTERM saves and prints the command that continues; resuming finishes the run", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "stopped");
    const half = await stoppedOnceSaved([...toyArgs(data, run), "--epochs", "400"], run);
    assert.equal(half.code, 130, half.err);
    assert.match(half.out, new RegExp(`deno task lth --name ${run} --resume\n`));
    assert.ok(!fs.existsSync(runFiles.lock(run)), "the lock is left behind");

    const other = await outcome(["--name", run, "--resume", "--epochs", "3", "--mode", "finetune"]);
    assert.equal(other.code, 2);
    assert.match(other.err, /training\.epochs: 400, not 3/);
    assert.match(other.err, /mode: "weight-rewind", not "finetune"/);
    const again = await outcome([...toyArgs(data, run), "--epochs", "400"]);
    assert.equal(again.code, 2);
    assert.match(again.err, /unfinished run .*: add --resume/);
  }));

Deno.test("the command that continues takes the dense round of the same run", () =>
  withToyDataset(async ({ directory, data }) => {
    const [base, run] = ["base", "run"].map((name) => path.join(directory, name));
    const start = [...toyArgs(data, base!), "--rounds", "0", "--epochs", "60"];
    const whole = await outcome(start);
    assert.equal(whole.code, 0, whole.err);
    const words = ["--name", run!, "--rewind-to", "300it", "--dense-from", base!];
    const half = await stoppedOnceSaved([...start, ...words], run!);
    assert.equal(half.code, 130, half.err);
    assert.ok(half.out.endsWith(`--name ${run} --resume --dense-from ${base}\n`), half.out);
  }));

Deno.test("a finished run shows its results again; other settings need another name", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "done");
    const first = await outcome(toyArgs(data, run));
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /theta/);
    const [rounds, table] = first.out.split("round  weights") as [string, string];
    assert.match(rounds, /dev F1/);
    assert.doesNotMatch(rounds, /test F1/, "test scores are hidden until the end");
    assert.match(table, /test F1/);
    const shown = await outcome([...toyArgs(data, `${run}-shown`), "--show-test"]);
    assert.match(shown.out.split("round  weights")[0]!, /test F1/);
    assert.ok(fs.existsSync(path.join(run, "report.html")));
    const before = fs.statSync(runFiles.rewind(run)).mtimeMs;
    const second = await outcome(toyArgs(data, run));
    assert.equal(second.code, 0, second.err);
    assert.match(second.out, /is already complete/);
    assert.match(first.out, /^Disk: /m);
    assert.doesNotMatch(second.out, /^Disk:/m, "nothing is written any more");
    assert.equal(fs.statSync(runFiles.rewind(run)).mtimeMs, before);
    const other = await outcome([...toyArgs(data, run), "--seed", "2"]);
    assert.equal(other.code, 2);
    assert.match(other.err, /seed: 1, not 2/);
  }));

Deno.test("mistakes on the command line give one sentence and exit code 2", async () => {
  const cases: [string[], RegExp][] = [
    [["--mode", "finetuning"], /Allowed choices are weight-rewind, lr-rewind, finetune/],
    [["--prun", "0.2"], /unknown option '--prun'.*\n?.*--prune/],
    [["--rounds", "ten"], /whole number/],
    [["--prune", "1"], /pruning\.schedule\.fraction/],
    [["--resume", "yes"], /too many arguments/],
    [["--name", "two words"], /Cannot name a run "two words"/],
    [["--preset", "quick", "--config", "x.json"], /--config and --preset/],
    [["--config", "/nowhere.json"], /no such file/],
    [["--data", "README.md"], /Cannot open the data set README\.md: it is a file; name the folder/],
    [["--data", "/nowhere", "--name", "nowhere-run"], /Cannot open the data set|build-datasets/],
    [["--focal", "-1"], /Expected a number from 0/],
    [["--class-weights", "1,,2"], /has an empty item/],
    [
      ["--class-weights", "1,2", "--name", "no-weights"],
      /Cannot use 2 class weights: .* 4 classes/,
    ],
    [["--warmup", "20", "--epochs", "15"], /training\.warmup: expected less than the 15 epochs/],
    // No machine has this many GPUs, so the number is refused with and without a GPU.
    [["--backend", "cuda", "--device", "1023", "--name", "no-cuda"], /cuda/i],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await outcome(args);
    assert.equal(code, 2, `${args}: ${err}`);
    assert.match(err, message);
    assert.doesNotMatch(err, /\n\s+at /, `${args} shows a stack trace`);
  }
});
