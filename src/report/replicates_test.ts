import assert from "node:assert/strict";
import { fixtureSummary } from "./fixture.ts";
import { replicateData } from "./replicates.ts";

Deno.test("a band covers the runs that have the same round with about as many weights", () => {
  const own = fixtureSummary({ rounds: 3, name: "a" });
  const [near, short, far] = [structuredClone(own), structuredClone(own), structuredClone(own)];
  near.rounds[2]!.kept = Math.round(own.rounds[2]!.kept * 1.009);
  short.rounds.pop();
  far.rounds[2]!.kept = Math.round(own.rounds[2]!.kept * 1.05);
  [own, near, short, far].forEach((run, i) =>
    run.rounds.forEach((round) => (round.test!.score = [0.5, 0.8, 0.2, 0.9][i]!))
  );
  const data = replicateData(own, [near, short, far])!;
  assert.deepEqual(data.rounds[0]!.test, { mean: 0.6, min: 0.2, max: 0.9, count: 4 });
  assert.deepEqual(data.rounds[2]!.test, { mean: 0.65, min: 0.5, max: 0.8, count: 2 });
  own.rounds.forEach((round) => (round.test = null));
  near.rounds[0]!.dev.score = NaN;
  const dev = replicateData(own, [near])!;
  assert.equal(dev.rounds[0]!.dev!.count, 1);
  assert.equal(replicateData(own, []), null);
});
