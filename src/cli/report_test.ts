import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { writeJson } from "../core/files.ts";
import { ROOT } from "../core/paths.ts";
import { loadDataset } from "../data/dataset.ts";
import { readPredictions } from "../compare/predictions.ts";
import { withToyDataset } from "../run/testing.ts";
import type { ReportData } from "../report/data.ts";
import { unpackSamples } from "../report/ecg/pack.ts";
import type { EcgData } from "../report/ecg/record.ts";
import { fixtureSummary } from "../report/fixture.ts";
import { outcome, toyArgs } from "./testing.ts";

const COMMAND = [
  "run",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-ffi",
  path.join(ROOT, "src/cli/report.ts"),
];

function report(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], {
    encoding: "utf8",
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

Deno.test("report writes the page of an unfinished run given by path, and prints the answer", () => {
  const directory = fs.mkdtempSync("/tmp/report-cli-");
  try {
    const run = path.join(directory, "run");
    writeJson(path.join(run, "summary.json"), fixtureSummary({ rounds: 2, planned: 4 }));
    const out = path.join(directory, "out/page.html");
    const { status, stdout, stderr } = report("--run", run, "--out", out);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /fewer weights .* against .* dense/);
    assert.ok(stdout.includes(out));
    assert.match(fs.readFileSync(out, "utf8"), /2 rounds are finished, dense and 4 pruning rounds/);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

Deno.test("report refuses a missing run, a bad name and an unknown flag, without a stack trace", () => {
  for (
    const [args, message] of [
      [["--run", "no-such-run-here"], /no such directory/],
      [["--run", ".."], /Cannot name a run/],
      [[], /name a run with --run, or add --serve/],
      [["--serve", "--ecg"], /Cannot write recordings without a run/],
      [["--run", "x", "--round", "2"], /Cannot use --round 2 alone/],
      [["--run", "x", "--records", "2"], /Cannot use --records alone: it belongs to --ecg/],
      [["--run", "x", "--port", "80"], /Cannot use --port alone: it belongs to --serve/],
      [["--serve", "--port", "70000"], /65535/],
      [["--run", "x", "--ouT", "y"], /--out/],
    ] as [string[], RegExp][]
  ) {
    const { status, stderr } = report(...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\bat .*\.ts:/);
  }
});

Deno.test("a run's report has filters and speed; its page of recordings agrees with predictions.csv", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "toy");
    const trained = await outcome(toyArgs(data, run));
    assert.equal(trained.code, 0, trained.err);
    const out = path.join(directory, "pages/toy.html");
    const { status, stdout, stderr } = report(
      "--run",
      run,
      "--out",
      out,
      "--ecg",
      "--records",
      "3",
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /95 % interval .* to .*\.\nReport: /);

    const page: ReportData = dataOf(out);
    assert.deepEqual(page.rounds.map(({ filters }) => filters?.filters.length), [10, 10, 10]);
    assert.deepEqual(page.rounds[0]!.filters!.constant, Array(10).fill(0), "dense has none");
    assert.ok(page.rounds.every(({ ticket }) => ticket!.lowestLossEpoch! >= 1));
    assert.match(fs.readFileSync(out, "utf8"), /href="toy\/ecg\.html"/);

    const ecg: EcgData = dataOf(path.join(directory, "pages/toy/ecg.html"));
    assert.equal(ecg.records.length, 6, "three of each of the two classes");
    const classes = ecg.records[0]!.classes;
    const said = (round: number) => readPredictions(run, { round, split: "test", classes });
    const loaded = loadDataset(data);
    for (const record of ecg.records) {
      assert.equal(classes[record.votes.dense!], classes[said(0).get(record.name)!.predicted]);
      assert.equal(classes[record.votes.ticket], classes[said(2).get(record.name)!.predicted]);
      assert.equal(record.truth, classes[said(2).get(record.name)!.truth]);
      const { test } = loaded.splits;
      const i = test.ids.indexOf(record.name);
      // Four blocks halve the length twice: a step of this network is 4 samples.
      assert.equal(record.stepSeconds, 4 / 300);
      assert.equal(record.steps.ticket.length, test.lengths[i]! / 4);
      const volts = unpackSamples(record);
      assert.equal(volts.length, test.lengths[i]);
      assert.ok(
        volts.every((v, t) => Math.abs(1000 * v - loaded.samples[test.offsets[i]! + t]!) < 0.01),
      );
      record.probabilities.ticket!.forEach((row) =>
        assert.ok(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < 0.003)
      );
    }
    const other = report("--run", run, "--out", out, "--ecg", "--round", "7");
    assert.equal(other.status, 2);
    assert.match(other.stderr, /Cannot show round 7 of toy: finished are 0, 1, 2/);
    fs.writeFileSync(path.join(run, "analysis.json"), "{}");
    const broken = report("--run", run, "--out", out);
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /expected an analysis of the format "lth-ecg-analysis\/1"/);
  }));

/** The tables that a page carries. */
function dataOf<Data>(file: string): Data {
  const text = fs.readFileSync(file, "utf8").split('id="data">')[1]!.split("</script>")[0]!;
  return JSON.parse(text);
}
