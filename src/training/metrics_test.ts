import assert from "node:assert/strict";
import { metricFor, scoresOf } from "./metrics.ts";

const CLASSES = ["A", "N", "O", "~"];

Deno.test("the CinC score averages A, N and O; noise counts only in the confusion matrix", () => {
  // Hand-worked: rows true A N O ~, columns predicted.
  const pairs: [number, number, number][] = [
    [0, 0, 3], // A right
    [0, 2, 1], // A called O
    [1, 1, 5],
    [1, 3, 1], // N called ~
    [2, 2, 2],
    [2, 1, 2],
    [3, 3, 1],
  ];
  const truths: number[] = [];
  const predictions = pairs.flatMap(([truth, label, times]) =>
    Array.from({ length: times }, () => {
      truths.push(truth);
      return { label, loss: 0.5, steps: 2 };
    })
  );
  const scores = scoresOf(predictions, { truths, classes: CLASSES, metric: metricFor(CLASSES) });
  assert.deepEqual(scores.confusion, [[3, 0, 1, 0], [0, 5, 0, 1], [0, 2, 2, 0], [0, 0, 0, 1]]);
  assert.equal(scores.f1["A"], 2 * 3 / (4 + 3));
  assert.equal(scores.f1["N"], 2 * 5 / (6 + 7));
  assert.equal(scores.f1["O"], 2 * 2 / (4 + 3));
  assert.equal(scores.f1["~"], 2 * 1 / (1 + 2));
  assert.equal(scores.score, (6 / 7 + 10 / 13 + 4 / 7) / 3);
  assert.equal(scores.accuracy, 11 / 15);
  assert.equal(scores.loss, 0.5);
});

Deno.test("always-N on the official class counts scores 0.242, as FACTS computes it", () => {
  const counts = [758, 5076, 2415, 279];
  const truths = counts.flatMap((count, c) => Array.from({ length: count }, () => c));
  const predictions = truths.map(() => ({ label: 1, loss: 0, steps: 1 }));
  const { score, f1 } = scoresOf(predictions, {
    truths,
    classes: CLASSES,
    metric: metricFor(CLASSES),
  });
  // Noise never predicted but present: F1 0. N: 2 * 5076 / (5076 + 8528).
  assert.equal(f1["~"], 0);
  assert.ok(Math.abs(score - 2 * 5076 / (5076 + 8528) / 3) < 1e-15, String(score));
});

Deno.test("a class that neither occurs nor is predicted has no F1 and is not averaged", () => {
  const scores = scoresOf([{ label: 1, loss: 0, steps: 1 }], {
    truths: [1],
    classes: CLASSES,
    metric: metricFor(CLASSES),
  });
  assert.equal(scores.f1["A"], null);
  assert.equal(scores.score, 1);
});

Deno.test("other class names get the macro F1 over all of them", () => {
  assert.deepEqual(metricFor(["AF", "SR"]), { name: "macro F1", classes: ["AF", "SR"] });
});
