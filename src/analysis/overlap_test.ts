import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { overlapOf } from "./overlap.ts";

Deno.test("overlap per layer and in total, by hand", () => {
  const { layers, total } = overlapOf([
    { name: "a", a: Uint8Array.of(1, 1, 0, 0), b: Uint8Array.of(1, 0, 1, 1) },
    { name: "b", a: Uint8Array.of(1, 0), b: Uint8Array.of(1, 0) },
    { name: "c", a: Uint8Array.of(0, 0), b: Uint8Array.of(0, 0) },
  ]);
  assert.deepEqual(layers.map(({ name, both, jaccard }) => [name, both, jaccard]), [
    ["a", 1, 1 / 4],
    ["b", 1, 1],
    ["c", 0, 1],
  ]);
  // Layer a: 2 * 3 / 4 shared by chance; layer b: 1 * 1 / 2.
  assert.deepEqual(layers.map(({ expectedBoth }) => expectedBoth), [1.5, 0.5, 0]);
  assert.equal(layers[0]!.expectedJaccard, 1.5 / (5 - 1.5));
  assert.deepEqual(total, {
    a: 3,
    b: 4,
    both: 2,
    jaccard: 2 / 5,
    expectedBoth: 2,
    expectedJaccard: 2 / 5,
  });
});

Deno.test("random masks overlap as expected by chance", () => {
  const rng = createRng(3, "masks");
  const size = 40_000;
  const draw = (kept: number) =>
    rng.shuffle(Uint8Array.from({ length: size }, (_, i) => i < kept ? 1 : 0));
  const { total } = overlapOf([{ name: "x", a: draw(12_000), b: draw(4_000) }]);
  // Hypergeometric: mean 1200, standard deviation about 27.
  assert.equal(total.expectedBoth, 1200);
  assert.ok(Math.abs(total.both - 1200) < 5 * 27, `${total.both}`);
});
