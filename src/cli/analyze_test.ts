import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Analysis } from "../analysis/analysis.ts";
import { runFiles } from "../core/paths.ts";
import { withToyDataset } from "../run/testing.ts";
import { outcome, toyArgs } from "./testing.ts";

Deno.test("an analysis has the figures of every round and is written into the run's directory", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const other = path.join(directory, "other");
    for (const args of [toyArgs(data, run), [...toyArgs(data, other), "--seed", "2"]]) {
      const { code, err } = await outcome(args);
      assert.equal(code, 0, err);
    }
    const args = ["analyze", "--run", run, "--other", other];
    const { code, out, err } = await outcome(args);
    assert.equal(code, 0, err);
    assert.match(out, /round +left +untrained F1/);
    assert.match(out, /overlap +by chance/);
    const analysis: Analysis = JSON.parse(fs.readFileSync(runFiles.analysis(run), "utf8"));
    assert.deepEqual(analysis.rounds.map(({ round }) => round), [0, 1, 2]);
    for (const { round, barrier, overlap, filters, untrained, convergence } of analysis.rounds) {
      assert.equal(barrier?.line.length, 11);
      assert.ok(barrier!.instability >= 0);
      assert.equal(filters.length, 10);
      assert.ok(untrained.initial.records > 0 && untrained.signs.records > 0);
      assert.ok(convergence.lowestLossEpoch >= 1 && convergence.lowestLossEpoch <= 10);
      assert.equal(overlap === null, round === 0);
      if (!overlap) continue;
      assert.equal(overlap.total.a, overlap.total.b);
      assert.ok(overlap.total.jaccard < 1);
    }

    // The second training already exists and is not repeated; the result is the same.
    const written = fs.statSync(runFiles.summary(`${run}-reorder`)).mtimeMs;
    const again = await outcome(args);
    assert.equal(again.code, 0, again.err);
    assert.equal(fs.statSync(runFiles.summary(`${run}-reorder`)).mtimeMs, written);
    assert.deepEqual(JSON.parse(fs.readFileSync(runFiles.analysis(run), "utf8")), analysis);

    const mistakes: [string[], RegExp][] = [
      [["--run", run, "--rounds", "7"], /Cannot use round 7 of .*there are rounds 0 to 2/],
      [["--run", `${run}-reorder`], /is a control itself/],
      [["--run", run, "--other", path.join(directory, "none")], /Cannot compare masks with .*none/],
      [["--run", run, "--other", run], /Cannot compare the masks of .* with its own/],
      [["--run", run, "--threshold", "2"], /number from 0 to 1/],
    ];
    for (const [words, message] of mistakes) {
      const { code, err } = await outcome(["analyze", ...words]);
      assert.equal(code, 2, err);
      assert.match(err, message);
    }
    const quick = await outcome(["analyze", "--run", run, "--rounds", "2", "--no-barrier"]);
    assert.equal(quick.code, 0, quick.err);
    assert.ok(!fs.existsSync(`${run}-reorder-2`));
    const all = await outcome(["analyze", "--run", run, "--rounds", "all", "--no-barrier"]);
    assert.equal(all.code, 0, all.err);
    assert.match(all.out, /^Measuring round 0 [^]*^Measuring round 2 /m);
  }));
