import assert from "node:assert/strict";
import type { Outcome } from "../compare/predictions.ts";
import { fixtureSummary } from "../report/fixture.ts";
import { singleSummary } from "../report/fixture_single.ts";
import { answerOf, chooseRecords, notesOf } from "./report_ecg.ts";

const outcomes = (entries: [string, number, number][]): Map<string, Outcome> =>
  new Map(entries.map(([name, truth, predicted]) => [name, { truth, predicted }]));

Deno.test("per class, half of the chosen records differ, one is wrong, the others are right; all ordered by name", () => {
  const names = Array.from({ length: 10 }, (_, i) => `r${i}`);
  // Class 0: r0 to r7; the networks differ on r4 to r7; both label r3 wrongly.
  const truth = (i: number) => i < 8 ? 0 : 1;
  const ticket = outcomes(
    names.map((name, i) => [name, truth(i), i === 3 || i > 3 && i < 8 ? 1 : truth(i)]),
  );
  const dense = outcomes(names.map((name, i) => [name, truth(i), i === 3 ? 1 : truth(i)]));
  const options = { dense, classes: 3, perClass: 4 };
  assert.deepEqual(chooseRecords(ticket, options), ["r0", "r3", "r4", "r5", "r8", "r9"]);
  assert.deepEqual(chooseRecords(ticket, { ...options, perClass: 1 }), ["r3", "r8"]);
  assert.deepEqual(chooseRecords(ticket, { ...options, perClass: 50 }), names);
  assert.deepEqual(chooseRecords(ticket, { ...options, dense: null, perClass: 2 }), [
    ...["r0", "r3", "r8", "r9"],
  ]);
  assert.deepEqual(chooseRecords(new Map(), options), []);
});

Deno.test("the answer counts the recordings on which the two networks differ, or says that they agree", () => {
  const labels = (predicted: number[]) =>
    new Map(predicted.map((own, i) => [`r${i}`, { truth: 0, predicted: own }]));
  const dense = labels([0, 1, 1, 0]);
  assert.match(
    answerOf(labels([0, 0, 2, 1]), dense, "test"),
    /label 3 of 4 test recordings differently: .* right on 1 of them, only the ticket on 1, neither on 1\./,
  );
  assert.equal(
    answerOf(labels([0, 1, 1, 0]), dense, "test"),
    "Dense network and ticket give each of the 4 test recordings the same label; 2 are right.",
  );
});

Deno.test("the notes name a round only where there are rounds, and two networks only where there are two", () => {
  const chosen = { split: "test", perClass: 4 };
  const pruned = notesOf(fixtureSummary({ rounds: 3 }), { ...chosen, ticket: 2, dense: 0 }).join(
    " ",
  );
  assert.match(pruned, /Ticket is round 2: .* the two networks label differently/);
  const single = notesOf(singleSummary("set"), { ...chosen, ticket: 1, dense: null }).join(" ");
  assert.match(single, /The ticket has \S+ fewer weights/);
  assert.doesNotMatch(single, /round|two networks/);
});
