import assert from "node:assert/strict";
import { decimals } from "./decimals.ts";

Deno.test("decimals have the minus sign, and a rounded zero has none", () => {
  assert.deepEqual([0.8124, -0.0041, -0.0004, -0, -12].map((x) => decimals(x)), [
    ...["0.812", "−0.004", "0.000", "0.000", "−12.000"],
  ]);
  assert.equal(decimals(-0.056, 2), "−0.06");
});
