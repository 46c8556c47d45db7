import assert from "node:assert/strict";
import { eachValid, signals, stridedLengths } from "./signals.ts";

Deno.test("values past a record's end are dropped", () => {
  const x = signals([1, 2, 3, 4, 5, 6, 7, 8], { lengths: [1, 0], channels: 2, length: 2 });
  assert.deepEqual([...x.values], [1, 0, 3, 0, 0, 0, 0, 0]);
});

Deno.test("valid elements are visited with their coordinates", () => {
  const x = signals([1, 2, 3, 4, 5, 6], { lengths: [2, 1], channels: 1, length: 3 });
  const seen: number[][] = [];
  eachValid(x, (...coordinates) => seen.push(coordinates));
  assert.deepEqual(seen, [[0, 0, 0, 0], [1, 0, 0, 1], [3, 1, 0, 0]]);
});

Deno.test("a wrong number of values is refused", () => {
  assert.throws(
    () => signals([1, 2], { lengths: [3], channels: 1, length: 3 }),
    /Expected 3 values/,
  );
});

Deno.test("a strided op leaves the ceiling of each length", () => {
  assert.deepEqual([...stridedLengths(Int32Array.of(0, 1, 2, 3, 4), 2)], [0, 1, 1, 2, 2]);
});
