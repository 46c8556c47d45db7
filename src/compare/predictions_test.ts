import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { predictionsCsv } from "../run/predictions_csv.ts";
import { deciderOf, type DecisionRule, predictRecord } from "../training/decision.ts";
import { Tally } from "../training/tally.ts";
import { readPredictions } from "./predictions.ts";
import { withDirectory } from "./testing.ts";

const CLASSES = ["A", "N", "O", "~"];

/** Writes the file of round 1 and reads the test split back. */
function read(run: string, text: string, classes: readonly string[] = CLASSES) {
  const file = roundFiles.predictions(runFiles.round(run, 1));
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return readPredictions(run, { round: 1, split: "test", classes });
}

Deno.test("a file with labels alone, as older runs have it, is read", () =>
  withDirectory((directory) => {
    const text = "split,record,label,predicted\ndev,x,A,A\ntest,y,O,~\n";
    assert.deepEqual([...read(directory, text)], [["y", { truth: 2, predicted: 3 }]]);
  }));

Deno.test("any mean rule can be applied again from the file, and the counted votes can be read", () =>
  withDirectory((directory) => {
    const rng = createRng(1, "predictions");
    const priors = [0.17, 0.676, 0.365, 0.114];
    const rule: DecisionRule = { decision: "vote", priorExponent: 0.5, priorUnit: "records" };
    const records = Array.from({ length: 300 }, (_, i) => {
      const steps = 1 + i % 40;
      const logits = Float32Array.from({ length: 4 * steps }, () => 4 * rng.next());
      const decided = (rule: DecisionRule) =>
        predictRecord(logits, {
          rowLength: steps,
          steps,
          decider: deciderOf(rule, priors),
          truth: 0,
        });
      return { id: `r${i}`, decided };
    });
    const text = predictionsCsv([{
      split: "test",
      classes: CLASSES,
      ids: records.map(({ id }) => id),
      truths: records.map(() => 1),
      predictions: records.map(({ decided }) => decided(rule)),
    }]);
    const outcomes = read(directory, text);
    assert.equal(outcomes.size, 300);
    for (const { id, decided } of records) {
      const { truth, predicted, said } = outcomes.get(id)!;
      const counted = decided(rule);
      assert.equal(truth, 1);
      assert.equal(predicted, counted.label);
      assert.deepEqual(said!.votes, counted.votes);
      assert.equal(said!.steps, counted.steps);
      for (const priorExponent of [0, 0.25, 0.5, 1]) {
        const mean: DecisionRule = { decision: "mean", priorExponent, priorUnit: "records" };
        const again = new Tally(deciderOf(mean, priors));
        again.add(said!.probabilities);
        assert.equal(again.label, decided(mean).label, `${id}, exponent ${priorExponent}`);
      }
    }
  }));

Deno.test("class names may be any text", () =>
  withDirectory((directory) => {
    const classes = ['a,"b"', " padded ", "1"];
    const text = predictionsCsv([{
      split: "test",
      classes,
      ids: ["x"],
      truths: [1],
      predictions: [{
        label: 0,
        loss: 1,
        steps: 2,
        probabilities: [0.5, 0.25, 0.25],
        votes: [2, 0, 0],
      }],
    }]);
    const said = { steps: 2, probabilities: [0.5, 0.25, 0.25], votes: [2, 0, 0] };
    assert.deepEqual(read(directory, text, classes).get("x"), { truth: 1, predicted: 0, said });
  }));

Deno.test("rows that cannot come from a network are refused with their line number", () =>
  withDirectory((directory) => {
    const head =
      "split,record,label,predicted,steps,p_A,p_N,p_O,p_~,votes_A,votes_N,votes_O,votes_~\n";
    const good = "test,x,A,N,3,0.25,0.5,0.25,0,1,2,0,0\n";
    assert.equal(read(directory, head + good).size, 1);
    for (
      const bad of [
        good.replace("0.5", "0.6"),
        good.replace("0.5", ""),
        good.replace("0.25,0.5", "-0.25,1"),
        good.replace(",1,2,0,0", ",1,1,0,0"),
        good.replace(",1,2,0,0", ",1.5,1.5,0,0"),
        good.replace(",0,0\n", "\n"),
        good.replace("N,3", "N,NaN"),
      ]
    ) {
      assert.throws(
        () => read(directory, head + bad),
        (error) =>
          error instanceof Failure && /Cannot use line 2 of .*predictions\.csv/.test(error.message),
        bad,
      );
    }
    const other = head.replace("p_O,p_~", "p_~,p_O");
    assert.throws(() => read(directory, other + good), /its columns are .*expected .*or, in older/);
  }));
