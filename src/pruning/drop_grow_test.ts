import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { dropAndGrow } from "./drop_grow.ts";
import { randomMasks } from "./random.ts";

Deno.test("the smallest weights are dropped, and the chosen open places grow, by hand", () => {
  const layer = {
    mask: Uint8Array.of(1, 1, 0, 1, 0, 1, 0),
    weights: Float32Array.of(-3, 0.5, 0, -0.1, 0, 2, 0),
  };
  const asked: [number[], number][] = [];
  const grown = dropAndGrow(layer, 0.5, (open, count) => {
    asked.push([[...open], count]);
    return Uint8Array.of(0, 0, 0, 1, 0, 0, 1);
  });
  // |-0.1| and |0.5| go; -0.1 was dropped just now and may return.
  assert.deepEqual(asked, [[[0, 1, 1, 1, 1, 0, 1], 2]]);
  assert.deepEqual([...grown], [1, 0, 0, 1, 0, 1, 1]);
});

Deno.test("a share is rounded down, less than one weight changes nothing, ties drop the higher index", () => {
  const mask = Uint8Array.of(1, 1, 1, 0);
  const layer = { mask, weights: Float32Array.of(1, -1, 1, 0) };
  const never = () => assert.fail("nothing grows");
  assert.deepEqual([...dropAndGrow(layer, 0.3, never)], [...mask]);
  const last = (open: Uint8Array) => open.map((bit, i) => i === 3 ? bit : 0);
  assert.deepEqual([...dropAndGrow(layer, 0.4, last)], [1, 1, 0, 1]);
});

Deno.test("any layer keeps its count, its larger weights and the places that grow", () => {
  const rng = createRng(3, "layers");
  for (let trial = 0; trial < 50; trial++) {
    const size = 1 + rng.integer(60);
    const mask = Uint8Array.from({ length: size }, () => rng.integer(2));
    const weights = Float32Array.from(mask, (bit) => bit * (rng.next() - 0.5));
    const alive = mask.reduce((a, b) => a + b, 0);
    const share = rng.next();
    const dropped = Math.floor(alive * share);
    const next = dropAndGrow(
      { mask, weights },
      share,
      (open, keep) => randomMasks([open], { keep, seed: trial, stream: ["growth"] })[0]!,
    );
    assert.equal(next.reduce((a, b) => a + b, 0), alive);
    const largest = [...weights.keys()].filter((i) => mask[i])
      .sort((a, b) => Math.abs(weights[b]!) - Math.abs(weights[a]!)).slice(0, alive - dropped);
    assert.ok(largest.every((i) => next[i] === 1));
  }
});
