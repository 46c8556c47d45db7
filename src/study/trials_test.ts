import assert from "node:assert/strict";
import * as path from "node:path";
import { writeRun } from "../compare/fixture.ts";
import { readRuns } from "../compare/run.ts";
import { withDirectory } from "../compare/testing.ts";
import type { Group } from "./group.ts";
import { trialCurves, trialsOf, trialsTable } from "./trials.ts";

/** The base in folds 1 to 3, trials in fold 1, and 1 and 2; a dense network of another mode. Losses worked by hand. */
function group(directory: string): Group {
  const write = (
    name: string,
    fold: number,
    devLoss: number,
    mode: "rigl" | "lr-rewind" = "rigl",
  ) =>
    writeRun(directory, {
      ...{ name: `${name}-seed${fold}-fold${fold}of3`, mode, seed: fold },
      ...mode === "rigl" ? { single: { pruned: 1, macs: 1 } } : { rounds: 1, planned: 0 },
      folds: { count: 3, fold },
      change: ({ rounds }) => {
        const { epochs, dev } = rounds.at(-1)!;
        epochs.forEach((epoch, i) => epoch.devLoss = devLoss + epochs.length - 1 - i);
        dev.score = 1 - devLoss;
      },
    });
  const runs = [
    ...[0.1, 0.2, 0.6].map((loss, i) => write(`${path.basename(directory)}-base`, i + 1, loss)),
    ...[0.4, 0.3].map((loss, i) => write("trials-long", i + 1, loss)),
    write("trials-short", 1, 0.05),
    write("trials-wide", 1, 0.5, "lr-rewind"),
  ];
  const args = (name: string, ...options: string[]) => ({
    name: `trials-${name}-seed1-fold1of3`,
    args: [
      "--preset",
      "wearable",
      ...options,
      "--seed",
      "1",
      "--folds",
      "3",
      "--fold",
      "1",
      "--name",
      "x",
    ],
  });
  return {
    name: "any",
    plan: "trials",
    collected: readRuns(runs, { split: "test", allowIncomplete: true, showTest: true }).runs,
    planned: [
      args("short", "--mode", "rigl", "--epochs", "1"),
      args("long", "--mode", "rigl", "--flip-average", "--epochs", "144"),
      args("wide", "--filters", "16"),
    ],
  } as unknown as Group;
}

Deno.test("trials are compared with the first in their own folds, and test scores stay out", () =>
  withDirectory((directory) => {
    const read = group(directory);
    assert.deepEqual(trialsOf(read).map(({ name, options }) => [name, options]), [
      ["base", null],
      ["short", "--mode rigl --epochs 1"],
      ["long", "--mode rigl --flip-average --epochs 144"],
      ["wide", "--filters 16"],
    ]);
    const rows = trialsTable(read).split("\n").map((row) => row.split(" | "));
    const column = (name: string) => rows[0]!.indexOf(name);
    const cells = (name: string) => rows.slice(2).map((row) => row[column(name)]);
    assert.deepEqual(cells("dev loss"), ["0.300", "0.050", "0.350", "0.500"]);
    assert.deepEqual(cells("dev F1"), ["0.700", "0.950", "0.650", "0.500"]);
    assert.deepEqual(cells("by fold"), ["0.900, 0.800, 0.400", "0.950", "0.600, 0.700", "0.500"]);
    // Fold 1 alone, then folds 1 and 2; the dense network is no trial of a setting of rigl.
    assert.deepEqual(cells("dev loss minus base"), ["", "−0.050", "0.200", ""]);
    assert.deepEqual(cells("dev F1 minus base"), ["", "0.050", "−0.200", ""]);
    assert.doesNotMatch(trialsTable(read), /test/);
    const curves = trialCurves(read);
    assert.deepEqual(curves.map(({ label }) => label), [
      "base (1 fold)",
      "short (1 fold)",
      "long (1 fold)",
    ]);
    assert.deepEqual(
      curves.map(({ values }) => Math.round(values.at(-1)! * 100) / 100),
      [0.1, 0.05, 0.4],
    );
  }));
