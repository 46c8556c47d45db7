import assert from "node:assert/strict";
import { compare, ROUNDING } from "./comparison.ts";

Deno.test("the error is measured in roundings of the terms", () => {
  const verdict = compare({
    quantity: "y",
    got: [1 + 6 * ROUNDING, 5],
    want: [1, 5],
    terms: [2, 5],
    limit: 3,
  });
  assert.equal(verdict.ratio, 3);
  assert.equal(verdict.failure, null);
});

Deno.test("an element past the limit fails and is named", () => {
  const verdict = compare({
    quantity: "y",
    got: [0, 1 + 5 * ROUNDING],
    want: [0, 1],
    terms: [0, 1],
    limit: 4,
  });
  assert.match(verdict.failure!, /^y\[1\] is 1\.00000029.*, expected 1: off by 5\.00 roundings/);
});

Deno.test("NaN fails at any place", () => {
  for (const got of [[NaN, 1], [1, NaN]]) {
    const verdict = compare({ quantity: "y", got, want: [1, 1], terms: [1, 1], limit: 8 });
    assert.equal(verdict.ratio, Infinity);
    assert.notEqual(verdict.failure, null);
  }
  assert.notEqual(
    compare({ quantity: "y", got: [NaN], want: [0], terms: [0], limit: 8 }).failure,
    null,
  );
});

Deno.test("without terms, or with terms of 0, only the exact value passes", () => {
  assert.equal(compare({ quantity: "mask", got: [1, 0], want: [1, 0] }).failure, null);
  assert.notEqual(compare({ quantity: "mask", got: [1, 1], want: [1, 0] }).failure, null);
  const tiny = compare({ quantity: "y", got: [1e-40], want: [0], terms: [0], limit: 8 });
  assert.equal(tiny.ratio, Infinity);
});

Deno.test("numbers that float32 cannot hold may become 0, but nothing else", () => {
  const compared = (got: number) =>
    compare({ quantity: "p", got: [got], want: [1e-60], terms: [1e-60], limit: 8 }).failure;
  assert.equal(compared(0), null);
  assert.equal(compared(1e-39), null);
  assert.notEqual(compared(1e-37), null);
});

Deno.test("a missing element fails", () => {
  assert.match(compare({ quantity: "y", got: [1], want: [1, 2] }).failure!, /has 1 elements/);
});
