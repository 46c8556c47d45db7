import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { writeJson } from "../core/files.ts";
import { runFiles } from "../core/paths.ts";
import { readSummary } from "../results/read.ts";
import { crossValidated } from "./cross_validation.ts";
import { type RunFixture, writeRun } from "./fixture.ts";
import { readPredictions } from "./predictions.ts";
import { withDirectory } from "./testing.ts";

const CLASSES = ["N", "A", "O", "~"];
const RECORDS = 60;

/** Three folds of a method, each tested on a third of the records, and a run of all records. */
function withFolds(
  test: (
    folds: string[],
    whole: { summary: ReturnType<typeof readSummary>; records: Set<string> },
    write: (fixture: Partial<RunFixture>) => string,
  ) => void,
): Promise<void> {
  return withDirectory((directory) => {
    const write = (fixture: Partial<RunFixture>) =>
      writeRun(directory, { name: "other", rounds: 3, records: RECORDS, ...fixture });
    const folds = [1, 2, 3].map((fold) =>
      write({ name: `fold${fold}`, seed: fold, folds: { count: 3, fold } })
    );
    // A run of all records has no test split; more rounds change nothing in the network of round 2.
    const summary = readSummary(write({ name: "all", planned: 5, test: false }));
    test(folds, { summary, records: testRecords(folds) }, write);
  });
}

function testRecords(folds: readonly string[]): Set<string> {
  return new Set(folds.flatMap((fold) => [
    ...readPredictions(fold, { round: 1, split: "test", classes: CLASSES }).keys(),
  ]));
}

Deno.test("folds are pooled: every record counts once, as its fold's network labels it", () =>
  withFolds((folds, { summary, records }) => {
    const scores = crossValidated(folds, { summary, round: 2, records });
    assert.equal(scores.records, RECORDS);
    const expected = CLASSES.map(() => CLASSES.map(() => 0));
    for (const fold of folds) {
      const own = readSummary(fold).rounds[2]!.test!.confusion;
      own.forEach((row, i) => row.forEach((count, k) => expected[i]![k]! += count));
    }
    assert.deepEqual(scores.confusion, expected);
    const f1 = ["A", "N", "O"].map((name) => {
      const c = CLASSES.indexOf(name);
      const column = expected.reduce((sum, row) => sum + row[c]!, 0);
      const row = expected[c]!.reduce((sum, count) => sum + count, 0);
      return 2 * expected[c]![c]! / (row + column);
    });
    assert.ok(Math.abs(scores.score - f1.reduce((sum, x) => sum + x / 3, 0)) < 1e-12);
  }));

Deno.test("a copy of a fold that has kept no predictions of the round is refused by name", () =>
  withFolds((folds, { summary, records }) => {
    writeJson(runFiles.kept(folds[1]!), { rounds: [0, 1] });
    assert.equal(crossValidated(folds, { summary, round: 1, records }).records, RECORDS);
    assert.throws(() => crossValidated(folds, { summary, round: 2, records }), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(
        error.message,
        /^Cannot use the cross-validation: .*fold2 has predictions of rounds 0, 1 only, not of round 2; /,
      );
      return true;
    });
  }));

Deno.test("what is not a cross-validation of the network is refused in a sentence", () =>
  withFolds((folds, { summary, records }, write) => {
    const asked = { summary, round: 2, records };
    const otherMode = write({ mode: "finetune", seed: 3, folds: { count: 3, fold: 3 } });
    const otherSize = write({
      ...{ name: "size", seed: 3, folds: { count: 3, fold: 3 } },
      change: ({ rounds }) => void (rounds[2]!.kept -= 1),
    });
    const plain = write({ name: "plain" });
    const cases: [names: string[], request: typeof asked, why: RegExp][] = [
      [folds.slice(1), asked, /its runs are of fold 2, 3, expected folds 1 to 3 once each/],
      [[...folds, plain], asked, /plain is not of a fold/],
      [
        [...folds.slice(0, 2), otherMode],
        asked,
        /other has mode "finetune", the run "weight-rewind"/,
      ],
      [
        [...folds.slice(0, 2), otherSize],
        asked,
        /round 2 of .*size keeps \d+ weights, that of the run/,
      ],
      [folds, { ...asked, round: 4 }, /the run has no finished round 4/],
      [folds, { ...asked, records: new Set([...records, "new"]) }, /leave out 1 record of/],
      [
        folds,
        { ...asked, records: new Set([...records].slice(2)) },
        /have 2 records that it has not/,
      ],
    ];
    for (const [names, request, why] of cases) {
      assert.throws(
        () => crossValidated(names, request),
        (error) => error instanceof UsageError && why.test(error.message),
        String(why),
      );
    }
  }));
