import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { crossedEstimate, negated, pairedUnits, type Unit } from "./crossed.ts";
import { variance } from "./estimate.ts";
import { studentQuantile } from "./student.ts";
import { coverage, type Scenario } from "./testing.ts";

const unit = (value: number, ...draws: number[]): Unit => ({
  value,
  draws: Float64Array.from(draws),
});

function close(found: number, expected: number, what: string) {
  assert.ok(
    Math.abs(found - expected) < 1e-12 * Math.max(1, Math.abs(expected)),
    `${what}: ${found}`,
  );
}

Deno.test("the standard error of two seeds, worked by hand", () => {
  // Means of the draws 0: covariance (1 * 2 + 1 * 2) / 2 = 2. Values 1 and 3: variance 2, over 2 seeds 1.
  const found = crossedEstimate([[unit(1, -1, 1), unit(3, -2, 2)]]);
  assert.equal(found.difference, 2);
  assert.equal(found.source, "seeds and records");
  close(found.standardError, Math.sqrt(3), "standard error");
  // Welch: 3² / 1². Howe: t(1)² * 1 + z² * 2.
  const t = (df: number) => studentQuantile(0.975, df);
  const half = Math.sqrt(t(9) * Math.sqrt(3) * Math.sqrt(t(1) ** 2 + 2 * t(Infinity) ** 2));
  assert.ok(Math.abs(found.high - 2 - half) < 1e-8, `${found.high - 2}, not ${half}`);
  assert.ok(Math.abs(2 - found.low - half) < 1e-8);
});

Deno.test("a negative covariance over the records adds no variance to the spread over seeds", () => {
  // Covariance -1: counts as 0.
  const found = crossedEstimate([[unit(1, -1, 1), unit(3, 1, -1)]]);
  close(found.standardError, 1, "standard error");
  close(found.degreesOfFreedom!, 1, "degrees of freedom");
});

Deno.test("without a spread over seeds the interval is the normal one of the records", () => {
  const found = crossedEstimate([[unit(2, -1, 1), unit(2, -1, 1), unit(2, -1, 1)]]);
  close(found.standardError, 1, "standard error");
  assert.equal(found.degreesOfFreedom, null);
  assert.ok(Math.abs(found.high - 3.959964) < 1e-6);
});

Deno.test("with one seed the interval is that of the records' percentiles, and its source says so", () => {
  const draws = Array.from({ length: 1001 }, (_, i) => i / 1000);
  const found = crossedEstimate([[unit(0.4, ...draws)]]);
  assert.equal(found.source, "records");
  close(found.low, 0.025, "low");
  close(found.high, 0.975, "high");
  const several = [unit(1, ...draws), unit(1, ...draws)];
  assert.equal(crossedEstimate([several, [unit(0, ...draws)]]).source, "records");
});

Deno.test("unpaired seeds: variances over seeds of both sides, one covariance of the records", () => {
  const rng = createRng(3, "unpaired");
  const random = (value: number) => unit(value, ...Array.from({ length: 50 }, () => rng.next()));
  const [a, b] = [[random(1), random(2), random(4)], [random(0), random(1)]];
  const found = crossedEstimate([a, negated(b)]);
  close(found.difference, 7 / 3 - 0.5, "difference");
  const covariance = (x: Unit, y: Unit) =>
    (variance(x.draws.map((v, i) => v + y.draws[i]!)) - variance(x.draws) - variance(y.draws)) / 2;
  const among = (units: Unit[]) => {
    const pairs = units.flatMap((x) => units.filter((y) => y !== x).map((y) => covariance(x, y)));
    return pairs.reduce((sum, value) => sum + value, 0) / pairs.length;
  };
  const across = a.flatMap((x) => b.map((y) => covariance(x, y))).reduce((s, v) => s + v, 0) / 6;
  const records = Math.max(0, among(a) + among(b) - 2 * across);
  close(found.standardError ** 2, records + (7 / 3) / 3 + 0.5 / 2, "variance");
});

Deno.test("pairs are differences seed by seed", () => {
  const [pair] = pairedUnits([unit(3, 1, 2)], [unit(1, 0.5, 4)]);
  assert.deepEqual(pair, unit(2, 0.5, -2));
});

const SCENARIO: Scenario = {
  design: "crossed",
  seeds: 3,
  paired: true,
  records: 400,
  seedDeviation: 0.06,
  loss: 0.05,
};

Deno.test("95 % intervals contain the true difference in 93 to 97 % of simulated studies", () => {
  const options = { studies: 600, draws: 120, seed: 1 };
  for (const change of [{}, { seedDeviation: 0 }, { seeds: 5, seedDeviation: 0.03 }]) {
    const found = coverage({ ...SCENARIO, ...change }, options);
    assert.ok(found.given >= 0.93 && found.given <= 0.97, JSON.stringify({ change, ...found }));
  }
});

Deno.test("other intervals have wrong coverage: records alone too low, t(S - 1) too high", () => {
  const found = coverage(SCENARIO, { studies: 250, draws: 120, seed: 2 });
  assert.ok(found.records < 0.91, `records alone: ${found.records}`);
  const still = coverage({ ...SCENARIO, seedDeviation: 0 }, { studies: 250, draws: 120, seed: 2 });
  assert.ok(still.other > 0.98, `t(2): ${still.other}`);
});
