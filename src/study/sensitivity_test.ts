import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { withDirectory } from "../compare/testing.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Run } from "../compare/run.ts";
import { readGroup, STUDY } from "./group.ts";
import { variationsOf } from "./sensitivity.ts";

const GROUP = path.join(STUDY, "continue");
const NAMES = [1, 2, 3].map((seed) => `i14-lr-rewind-seed${seed}`);
const CLASSES = ["A", "N", "O", "~"];

/** Lines of a round's predictions: split, record, label, predicted, steps, probabilities. */
function rowsOf(run: string, round: number): string[][] {
  const file = roundFiles.predictions(runFiles.round(path.join(GROUP, run), round));
  return fs.readFileSync(file, "utf8").trim().split("\n").map((line) => line.split(","));
}

/** Mean F1 of A, N and O from labels by the largest probability, over test records outside `seen`. */
function score(run: string, round: number, seen: ReadonlySet<string>): number {
  const rows = rowsOf(run, round).filter(([split, record]) =>
    split === "test" && !seen.has(record!)
  );
  const labels = rows.map((row) => {
    const probabilities = row.slice(5, 9).map(Number);
    return { truth: row[2], label: CLASSES[probabilities.indexOf(Math.max(...probabilities))] };
  });
  const f1 = ["A", "N", "O"].map((name) => {
    const both = labels.filter(({ truth, label }) => truth === name && label === name).length;
    const either = labels.filter(({ truth }) => truth === name).length +
      labels.filter(({ label }) => label === name).length;
    return 2 * both / either;
  });
  return f1.reduce((a, b) => a + b) / f1.length;
}

/** Outcomes with the label of the largest probability. */
function byProbability(outcomes: Run["outcomes"]): Run["outcomes"] {
  return new Map(
    [...outcomes].map(([round, own]) => [
      round,
      new Map(
        [...own].map(([record, outcome]) => {
          const { probabilities } = outcome.said!;
          return [record, {
            ...outcome,
            predicted: probabilities.indexOf(Math.max(...probabilities)),
          }];
        }),
      ),
    ]),
  );
}

/** Tickets minus dense networks trained on, mean over seeds. */
function difference(round: number, seen: ReadonlySet<string>): number {
  const own = NAMES.map((name) =>
    score(name, round, seen) - score(`${name}-continue`, round, seen)
  );
  return own.reduce((a, b) => a + b) / own.length;
}

Deno.test("differences under another rule and without seen records are those of a count by hand", () =>
  withDirectory((directory) => {
    const group = readGroup(GROUP)!;
    // A run that saw 300 of the test records.
    const seen = path.join(directory, "seen");
    fs.cpSync(path.join(GROUP, NAMES[0]!), seen, { recursive: true });
    const [head, ...rows] = rowsOf(NAMES[0]!, 0);
    const known = rows.filter(([split]) => split === "test").slice(0, 300);
    const round = runFiles.round(seen, 0);
    fs.writeFileSync(
      roundFiles.predictions(round),
      [head!, ...known].map((row) => `${row.join(",")}\n`).join(""),
    );
    const names = new Set(known.map(([, record]) => record!));

    const variations = variationsOf({ ...group, seen }, "lr-rewind");
    const of = (name: string) =>
      variations.find((each) => each.name === name)!.levels.map((level) =>
        level.toEqual!.difference
      );
    const planned = group.comparison.methods.find(({ name }) => name === "lr-rewind")!.levels;
    assert.deepEqual(
      of("as planned"),
      planned.slice(1).map(({ toEqual }) => toEqual!.difference),
    );
    [1, 2, 3].forEach((round, i) => {
      assert.ok(Math.abs(of("prior exponent 0")[i]! - difference(round, new Set())) < 1e-9);
    });
    // The count by hand takes the largest probability, so these runs do, too.
    const plain = variationsOf({
      ...{ ...group, seen },
      runs: group.runs.map((run) => ({ ...run, outcomes: byProbability(run.outcomes) })),
    }, "lr-rewind").find(({ name }) => name === "without the records that were seen")!;
    plain.levels.forEach((level, i) => {
      assert.ok(Math.abs(level.toEqual!.difference - difference(i + 1, names)) < 1e-9);
    });
  }));
