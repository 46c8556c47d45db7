import assert from "node:assert/strict";
import { statistics } from "./statistics.ts";

Deno.test("mean and population deviation of the used samples only", () => {
  const samples = Int16Array.of(999, 2, 4, 999, 4, 4, 5, 5, 7, 9, 999);
  const got = statistics(samples, [{ offset: 1, length: 2 }, { offset: 4, length: 6 }]);
  assert.deepEqual(got, { mean: 5, std: 2 });
});

Deno.test("extreme values do not overflow", () => {
  const samples = Int16Array.from({ length: 1 << 20 }, (_, i) => (i % 2 ? 32767 : -32768));
  const got = statistics(samples, [{ offset: 0, length: samples.length }]);
  assert.deepEqual(got, { mean: -0.5, std: 32767.5 });
});

Deno.test("no samples have no mean", () => {
  assert.throws(() => statistics(Int16Array.of(1), []), RangeError);
});
