import assert from "node:assert/strict";
import { COMPARE_DEFAULTS, compareRuns } from "../compare/compare.ts";
import { writeRun } from "../compare/fixture.ts";
import { readRuns } from "../compare/run.ts";
import { withDirectory } from "../compare/testing.ts";
import { networksOf, startOf } from "./networks.ts";

Deno.test("a network is one round of every run that has it, also where each run has one size", () =>
  withDirectory((directory) => {
    const folders = [1, 2].flatMap((seed) => [
      writeRun(directory, { name: `lr-${seed}`, mode: "lr-rewind", seed }),
      ...[2, 3].map((pruned) =>
        writeRun(directory, {
          ...{ name: `rigl-${pruned}-${seed}`, mode: "rigl" as const, seed },
          single: { pruned, macs: 1 },
        })
      ),
    ]);
    const { runs } = readRuns(folders, {
      ...{ split: "test", allowIncomplete: false, showTest: true, rescored: null },
    });
    const comparison = compareRuns(runs, { ...COMPARE_DEFAULTS, split: "test", draws: 10 });
    const networks = networksOf({ runs, comparison });
    assert.deepEqual(networks.map(({ name }) => name), [
      "dense",
      ...["lr-rewind", "lr-rewind", "lr-rewind", "rigl", "rigl"],
    ]);
    // A line of a figure begins with a dense network only if pruning did.
    const starts = networks.map(({ method }) => startOf(method, networks)?.name);
    assert.deepEqual(starts, [...Array(4).fill("dense"), undefined, undefined]);
    for (const { name, level, rounds } of networks) {
      assert.deepEqual(rounds.map(({ run }) => run.summary.config["seed"]), [1, 2], name);
      assert.ok(rounds.every(({ round }) => round.kept === level.kept), name);
    }
  }));
