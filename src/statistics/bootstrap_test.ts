import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { bootstrap, observed } from "./bootstrap.ts";
import { percentileEstimate } from "./estimate.ts";
import { mean, minus } from "./interval.ts";
import { macroF1, type Statistic } from "./f1.ts";

const DRAWS = 20_000;

/** Cells of a two-class matrix whose true class is 0: 0 is right, 1 is wrong. */
function outcome(records: number, right: (i: number) => boolean): Uint16Array {
  return Uint16Array.from({ length: records }, (_, i) => right(i) ? 0 : 1);
}

const accuracy: Statistic = ([hits = 0, misses = 0]) => hits / (hits + misses);

function draws(outcomes: Uint16Array[], statistic: Statistic = accuracy, seed = 1) {
  return bootstrap(outcomes, { cells: 4, statistic, draws: DRAWS, seed });
}

function variance(values: Float64Array): number {
  const centre = mean([...values]);
  return mean([...values].map((value) => (value - centre) ** 2));
}

/** P(Binomial(n, p) <= k) for k = 0 to n. */
function binomialCdf(n: number, p: number): number[] {
  const cdf: number[] = [];
  let term = (1 - p) ** n;
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    cdf.push(sum += term);
    term *= (n - k) / (k + 1) * p / (1 - p);
  }
  return cdf;
}

Deno.test("draws of an accuracy have the binomial distribution", () => {
  const [n, hits] = [40, 30];
  const [drawn] = draws([outcome(n, (i) => i < hits)]);
  binomialCdf(n, hits / n).forEach((expected, k) => {
    const found = drawn!.filter((value) => value <= (k + 0.5) / n).length / DRAWS;
    const tolerance = 4.5 * Math.sqrt(expected * (1 - expected) / DRAWS) + 1 / DRAWS;
    assert.ok(Math.abs(found - expected) < tolerance, `P(<= ${k}): ${found}, not ${expected}`);
  });
});

Deno.test("draws of F1 have the quantiles of its closed form", () => {
  // All records are positive, so F1 = 2 h / (n + h) with h binomial: quantiles carry over.
  const [n, hits] = [91, 60];
  const [drawn] = draws([outcome(n, (i) => i < hits)], macroF1(2, [0]));
  const cdf = binomialCdf(n, hits / n);
  const found = percentileEstimate(0, drawn!);
  for (const [p, limit] of [[0.025, found.low], [0.975, found.high]] as const) {
    const h = n * limit / (2 - limit);
    const se = 4.5 * Math.sqrt(p * (1 - p) / DRAWS);
    assert.ok(Math.abs(h - Math.round(h)) < 1e-9, `${h} hits`);
    assert.ok(cdf[Math.round(h)]! > p - se, `${p}: ${h} hits`);
    assert.ok((cdf[Math.round(h) - 1] ?? 0) < p + se, `${p}: ${h} hits`);
  }
});

Deno.test("the variance of a paired difference is that of the discordant records", () => {
  // 50 records: both right 30, only a 8, only b 3, both wrong 9.
  const n = 50;
  const a = outcome(n, (i) => i < 38);
  const b = outcome(n, (i) => i < 30 || (i >= 38 && i < 41));
  const [x, y] = draws([a, b]);
  const found = minus(x!, y!);
  const paired = (11 / n - (5 / n) ** 2) / n;
  const unpaired = (0.76 * 0.24 + 0.66 * 0.34) / n;
  assert.ok(Math.abs(variance(found) / paired - 1) < 0.05, `${variance(found)}, not ${paired}`);
  assert.ok(unpaired > 1.9 * paired, "the two cases can be told apart");
  assert.ok(Math.abs(mean([...found]) - 5 / n) < 4.5 * Math.sqrt(paired / DRAWS));
  // Normal approximation of the limits; a difference moves in steps of 1/n.
  const { low, high } = percentileEstimate(5 / n, found);
  assert.ok(Math.abs(low - (5 / n - 1.96 * Math.sqrt(paired))) <= 1 / n);
  assert.ok(Math.abs(high - (5 / n + 1.96 * Math.sqrt(paired))) <= 1 / n);
});

Deno.test("a network's draws do not depend on which others are drawn with it, or on their order", () => {
  const rng = createRng(5, "bootstrap-test");
  const [a, b, c] = [0, 1, 2].map(() => outcome(30, () => rng.next() < 0.6)) as [
    Uint16Array,
    Uint16Array,
    Uint16Array,
  ];
  const together = draws([a, b, c]);
  assert.deepEqual(draws([b])[0], together[1]);
  assert.deepEqual(draws([c, a])[1], together[0]);
  assert.notDeepEqual(draws([a], accuracy, 2)[0], together[0]);
});

Deno.test("observed is the statistic of the records themselves", () => {
  const cells = Uint16Array.of(0, 0, 1, 2, 3, 3);
  const options = { cells: 4, statistic: (counts: Float64Array) => Number([...counts].join("")) };
  assert.equal(observed(cells, options), 2112);
});

Deno.test("networks without records, or with different numbers of them, are refused", () => {
  assert.throws(() => draws([]), RangeError);
  assert.throws(() => draws([new Uint16Array(0)]), RangeError);
  assert.throws(() => draws([new Uint16Array(3), new Uint16Array(4)]), /have 3,4 of them/);
});

Deno.test("about 95 % of intervals contain the true difference of F1", () => {
  // Right with probability 0.8 (a) and 0.7 (b), b right only where a is (paired), else the other class.
  const [trials, n, few] = [400, 200, 400];
  const statistic = macroF1(2, [0, 1]);
  // Classes are balanced and errors symmetric, so that the population's F1 is the accuracy.
  const truth = 0.1;
  const rng = createRng(11, "coverage");
  let covered = 0;
  let below = 0;
  for (let trial = 0; trial < trials; trial++) {
    const a = new Uint16Array(n);
    const b = new Uint16Array(n);
    for (let i = 0; i < n; i++) {
      const [label, luck] = [rng.integer(2), rng.next()];
      a[i] = label * 2 + (luck < 0.8 ? label : 1 - label);
      b[i] = label * 2 + (luck < 0.7 ? label : 1 - label);
    }
    const [x, y] = bootstrap([a, b], { cells: 4, statistic, draws: few, seed: trial });
    const { low, high } = percentileEstimate(0, minus(x!, y!));
    if (low <= truth && truth <= high) covered++;
    if (high < truth) below++;
  }
  // Binomial: 0.95 ± 3.5 standard errors, with a little less expected of the percentile method.
  assert.ok(covered / trials > 0.905 && covered / trials < 0.985, `${covered} of ${trials}`);
  const missed = trials - covered;
  assert.ok(below > 0 && below < missed, `${below} of ${missed} misses are below`);
});

Deno.test("records of a group are drawn together", () => {
  const half = outcome(40, (i) => i % 2 === 0);
  // Each record twice, in a group of its own: the variance of 40 records, not of 80.
  const twice = Uint16Array.from([...half, ...half]);
  const groups = Uint32Array.from({ length: 80 }, (_, i) => i % 40);
  const options = { cells: 4, statistic: accuracy, draws: DRAWS, seed: 1 };
  assert.deepEqual(bootstrap([twice], { ...options, groups }), bootstrap([half], options));
});
