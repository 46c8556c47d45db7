import assert from "node:assert/strict";
import { toUnits } from "./fixed_point.ts";

Deno.test("activations round to whole units away from zero at a half, and are cut off at 16 bits", () => {
  const unit = 0.5;
  const found = [0.24, 0.25, 0.6, -0.25, -0.6, 1e9, -1e9].map((x) => toUnits(x, unit));
  assert.deepEqual(found, [0, 1, 1, -1, -1, 32767, -32767]);
});

Deno.test("a small negative activation is a zero without a sign, as an integer of C is", () => {
  assert.ok(Object.is(toUnits(-0.1, 0.5), 0));
});
