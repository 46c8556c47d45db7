import assert from "node:assert/strict";
import { collect, MAX_EPOCHS } from "./collect.ts";
import { fixtureSummary, fixtureTiming } from "./fixture.ts";

Deno.test("collect keeps every round's numbers and joins seconds by round", () => {
  const summary = fixtureSummary({ rounds: 5 });
  const timing = fixtureTiming(summary);
  timing.rounds.splice(2, 1);
  const data = collect(summary, timing);
  assert.equal(data.rounds.length, 5);
  summary.rounds.forEach((round, i) => {
    const made = data.rounds[i];
    assert.equal(made?.test?.score, round.test?.score);
    assert.deepEqual(made?.dev.f1, summary.classes.map((name) => round.dev.f1[name]));
    assert.deepEqual(made?.layers, round.layers.map((layer) => layer.kept));
    assert.equal(made?.epochs.epoch.length, round.epochs.length);
    const time = timing.rounds.find((line) => line.round === i);
    assert.equal(made?.secondsPerEpoch, time ? time.trainSeconds / time.epochs : null);
  });
});

Deno.test("collect turns NaN, and the null that JSON has for it, into null", () => {
  const summary = fixtureSummary({ rounds: 2 });
  const round = summary.rounds[1];
  const row = round?.epochs[0];
  if (!round || !row) throw new Error("the fixture has no second round");
  round.dev.score = NaN;
  round.theta = Infinity;
  row.trainLoss = null as unknown as number;
  const made = collect(summary, null).rounds[1];
  assert.equal(made?.dev.score, null);
  assert.equal(made?.theta, null);
  assert.equal(made?.epochs.trainLoss[0], null);
  assert.equal(made?.secondsPerEpoch, null);
});

Deno.test("collect does not take a class's F1 from an object's prototype", () => {
  const summary = fixtureSummary({ rounds: 1, classes: ["N", "toString", "__proto__", "~"] });
  const round = summary.rounds[0];
  assert.deepEqual(
    collect(summary, null).rounds[0]?.dev.f1,
    summary.classes.map((name) => Object.getOwnPropertyDescriptor(round?.dev.f1, name)?.value),
  );
});

Deno.test("long runs keep each round's first, best and last epoch and stay within the budget", () => {
  const summary = fixtureSummary({ rounds: 350, epochs: 100, prune: 0.015 });
  const best = summary.rounds[7]?.epochs[50];
  if (!best) throw new Error("the fixture has no epoch 51");
  best.devScore = 0.999;
  const data = collect(summary, null);
  assert.equal(data.epochs.recorded, 35_000);
  assert.ok(data.epochs.kept <= MAX_EPOCHS, `${data.epochs.kept}`);
  assert.equal(data.epochs.kept, data.rounds.reduce((n, r) => n + r.epochs.epoch.length, 0));
  const epochs = data.rounds[7]?.epochs;
  if (!epochs) throw new Error("round 7 is missing");
  const { epoch, devScore } = epochs;
  assert.equal(epoch[0], 1);
  assert.equal(epoch.at(-1), 100);
  assert.equal(devScore[epoch.indexOf(51)], 0.999);
});
