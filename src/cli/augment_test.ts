/**
 * Augmentation and sign-flip averaging through the commands, from the command line to a ticket's answers.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, runFiles } from "../core/paths.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { withToyDataset, writeToyDataset } from "../run/testing.ts";
import { readTicket } from "../ticket/ticket_file.ts";
import { command, outcome, toyArgs } from "./testing.ts";

/** What predict prints of a record, in part. */
interface Predicted {
  readonly record: string;
  readonly label: string;
  readonly steps: readonly string[];
  readonly votes: { readonly fast: number; readonly slow: number };
}

const EVERYTHING = [
  ...["--stretch", "0.67,1.33", "--crop", "3", "--amplitude", "0.5,2", "--wander", "0,0.1"],
  ...["--noise", "0,0.02", "--bursts", "2,0.03", "--masks", "1,0.2", "--mixup", "0.2"],
];

Deno.test("a run with all augmentation on scores as its ticket predicts, and repeats bit for bit", () =>
  withToyDataset(async ({ directory, data }) => {
    const runs = ["a", "b"].map((name) => path.join(directory, name)) as [string, string];
    for (const run of runs) {
      const args = [...toyArgs(data, run), "--epochs", "2", ...EVERYTHING, "--flip-average"];
      const { code, err } = await outcome(args);
      assert.equal(code, 0, err);
    }
    const [one, two] = runs.map((run) => fs.readFileSync(roundFiles.end(runFiles.round(run, 2))));
    assert.deepEqual(one, two);

    const file = path.join(directory, "toy.ticket.safetensors");
    const exported = await command("export", [
      ...["--run", runs[0], "--format", "ticket", "--out", file],
    ]);
    assert.equal(exported.code, 0, exported.err);
    assert.equal(readTicket(file).flipAverage, true);
    const predicted = await command("predict", [
      ...["--ticket", file, "--json", path.join(directory, "records")],
    ]);
    assert.match(predicted.err, /mean softmax over the steps of the record and its negative/);
    const predictions = new Map(
      predicted.out.trim().split("\n").map((line) => JSON.parse(line) as Predicted)
        .map((each) => [path.basename(each.record, path.extname(each.record)), each]),
    );
    const rows = fs.readFileSync(roundFiles.predictions(runFiles.round(runs[0], 2)), "utf8")
      .trim().split("\n").slice(1).map((line) => line.split(","));
    // Training drops samples after the last multiple of 256; a ticket of four blocks after the last multiple of 4.
    const whole = rows.filter(([, record, , , steps]) =>
      predictions.get(record!)!.steps.length === Number(steps)
    );
    assert.ok(whole.length > 0);
    for (const row of whole) {
      const { label, votes } = predictions.get(row[1]!)!;
      assert.deepEqual([label, votes.fast, votes.slow], [row[3], ...row.slice(-2).map(Number)]);
    }

    const asC = await command("export", ["--run", runs[0], "--format", "c"]);
    assert.equal(asC.code, 2);
    assert.match(asC.err, /^error: Cannot export .* as C: its scores are of the mean/);
    assert.ok(!fs.existsSync(path.join(runs[0], "export")));
  }));

Deno.test("invalid settings are refused in one sentence, before anything is written", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const cases: [string[], RegExp][] = [
      [["--stretch", "1.33,0.67"], /stretch: expected a range .* not 1.33 to 0.67/],
      [["--stretch", "1.33"], /'--stretch <lo,hi>' argument '1.33' is invalid/],
      [["--stretch", "0.4,1"], /Cannot stretch records by 0.4: record \w+ of 512 samples/],
      [["--crop", "0.5"], /crop: expected at least 256 samples, 0.853 s/],
      [["--noise", "-1,0"], /noise: expected a range .* not -1 to 0/],
      [["--mixup", "3"], /mixup: expected a number from 0.05 to 2, not 3/],
      [["--mixup", "much"], /'--mixup <alpha>' argument 'much' is invalid/],
      [["--mixup", "0.2", "--batch-size", "1"], /mixup: expected off with a batch size of 1/],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await outcome([...toyArgs(data, run), ...args]);
      assert.equal(code, 2, err);
      assert.equal(out, "");
      assert.match(err, message);
      assert.equal(err.trim().split("\n").length, 1);
      assert.ok(!fs.existsSync(run));
    }
  }));

Deno.test("seconds and hertz are those of the data set, whatever its rate, in runs and in plans", () =>
  inTemporaryDirectory(async (directory) => {
    const data = writeToyDataset(directory, {
      recordsPerClass: 20,
      length: (i) => 768 + 384 * (i % 4),
      targetRate: 200,
    });
    const run = path.join(directory, "run");
    const asked = (more: string[]) => outcome([...toyArgs(data, run), "--rounds", "0", ...more]);
    const refused: [string[], RegExp][] = [
      [
        ["--crop", "1.27"],
        /crop: expected at least 256 samples, 1.280 s, for one label, not 1.27 s/,
      ],
      [["--wander", "0,1", "--wander-frequency", "1,101"], /within 0 to 100 Hz, not 1 to 101/],
      [["--bursts", "200,0.03"], /perSecond: expected a number from 0 to 199 a second, not 200/],
      [
        ["--masks", "1,0.002"],
        /masks\.seconds: expected at least one sample, 0.005 s, not 0.002 s/,
      ],
    ];
    for (const [args, message] of refused) {
      for (const plan of [[], ["--plan"]]) {
        const { code, out, err } = await asked([...args, ...plan]);
        assert.equal(code, 2, err);
        assert.equal(out, "");
        assert.match(err, message);
        assert.match(err, /Cannot augment records of 200 samples a second/);
      }
    }
    assert.ok(!fs.existsSync(run));
    // 1.28 s are 256 samples here, and 384 at 300 a second: two labels of the network.
    const planned = await asked(["--crop", "1.28", "--plan"]);
    assert.equal(planned.code, 0, planned.err);
    const done = await asked(["--crop", "1.28", "--epochs", "1", "--masks", "1,0.5"]);
    assert.equal(done.code, 0, done.err);
  }));
