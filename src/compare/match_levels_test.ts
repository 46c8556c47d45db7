import assert from "node:assert/strict";
import { matchLevels } from "./match_levels.ts";

Deno.test("equal grids match one to one", () => {
  assert.deepEqual(matchLevels([80, 64, 51], [80, 64, 51]), [[0, 0], [1, 1], [2, 2]]);
});

Deno.test("a part of a grid matches its own levels", () => {
  assert.deepEqual(matchLevels([80, 64, 51], [51]), [[2, 0]]);
});

Deno.test("a level matches at most one other, the nearest, and only within 10 %", () => {
  assert.deepEqual(matchLevels([1000, 950, 500], [960, 440]), [[1, 0]]);
  assert.deepEqual(matchLevels([110], [100]), [[0, 0]]);
  assert.deepEqual(matchLevels([111], [100]), []);
  assert.deepEqual(matchLevels([100], [111]), []);
});

Deno.test("empty grids have no matches, and a network without weights matches another one", () => {
  assert.deepEqual(matchLevels([], [5]), []);
  assert.deepEqual(matchLevels([5, 0], [0]), [[1, 0]]);
});
