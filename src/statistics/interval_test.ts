import assert from "node:assert/strict";
import { mean, meanOf, minus, percentileLimits, quantile, standardDeviation } from "./interval.ts";

Deno.test("quantiles are linear between neighbours", () => {
  const values = Float64Array.of(1, 2, 4, 8, 16);
  assert.equal(quantile(values, 0), 1);
  assert.equal(quantile(values, 0.5), 4);
  assert.equal(quantile(values, 1), 16);
  assert.equal(quantile(values, 0.375), 3);
  assert.equal(quantile(Float64Array.of(7), 0.025), 7);
});

Deno.test("an interval leaves out 2.5 % at each end, for any order of the draws", () => {
  const draws = Float64Array.from({ length: 1001 }, (_, i) => (i * 8) % 1001);
  assert.deepEqual(percentileLimits(draws, 0.05), { low: 25, high: 975 });
  assert.deepEqual(percentileLimits(new Float64Array(50), 0.05), { low: 0, high: 0 });
});

Deno.test("means and deviations worked by hand", () => {
  assert.equal(mean([1, 2, 6]), 3);
  assert.deepEqual(
    meanOf([Float64Array.of(1, 2), Float64Array.of(3, 6)]),
    Float64Array.of(2, 4),
  );
  assert.deepEqual(minus(Float64Array.of(1, 2), Float64Array.of(3, 6)), Float64Array.of(-2, -4));
  assert.equal(standardDeviation([2, 4, 6]), 2);
  assert.equal(standardDeviation([2]), null);
});
