import assert from "node:assert/strict";
import { selectMagnitude } from "./select_magnitude.ts";

const all = (n: number) => new Uint8Array(n).fill(1);

Deno.test("the largest magnitudes survive, over all tensors", () => {
  const masks = selectMagnitude([
    { value: [1, -5, 2], alive: all(3) },
    { value: [4, -3], alive: all(2) },
  ], 3);
  assert.deepEqual(masks.map((mask) => [...mask]), [[0, 1, 0], [1, 1]]);
});

Deno.test("ties go to the lower tensor and index, and -0 equals 0", () => {
  const masks = selectMagnitude([
    { value: [1, -2, 2], alive: all(3) },
    { value: [2, 1], alive: all(2) },
  ], 2);
  assert.deepEqual(masks.map((mask) => [...mask]), [[0, 1, 1], [0, 0]]);
  assert.deepEqual([...selectMagnitude([{ value: [-0, 0], alive: all(2) }], 1)[0]!], [1, 0]);
});

Deno.test("pruned weights stay pruned, and keeping none or all survivors works", () => {
  const tensor = { value: [9, 1, 2], alive: Uint8Array.of(0, 1, 1) };
  assert.deepEqual([...selectMagnitude([tensor], 1)[0]!], [0, 0, 1]);
  assert.deepEqual([...selectMagnitude([tensor], 0)[0]!], [0, 0, 0]);
  assert.deepEqual([...selectMagnitude([tensor], 2)[0]!], [0, 1, 1]);
});

Deno.test("NaN and too large a number to keep are refused", () => {
  assert.throws(() => selectMagnitude([{ value: [NaN], alive: all(1) }], 1), /NaN/);
  assert.throws(() => selectMagnitude([{ value: [1], alive: all(1) }], 2), /Cannot keep 2/);
});
