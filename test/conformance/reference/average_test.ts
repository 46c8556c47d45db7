import assert from "node:assert/strict";
import { averageShare, averageStep } from "./average.ts";
import { assertClose } from "./testing.ts";

Deno.test("an average worked by hand: the first step is taken whole", () => {
  assert.equal(averageShare({ decay: 0.5, step: 1 }), 1);
  assertClose([averageShare({ decay: 0.5, step: 2 })], [2 / 3], {
    tolerance: 1e-15,
    what: "share",
  });
  const { value } = averageStep(Float64Array.of(3, 0), Float64Array.of(6, 0), {
    decay: 0.5,
    step: 2,
  });
  assertClose(value, [5, 0], { tolerance: 1e-15, what: "average" });
});

Deno.test("after every step the average is the weighted mean of all steps", () => {
  const values = [4, -1, 2.5, 7];
  let average: Float64Array = Float64Array.of(123); // where it starts does not matter
  values.forEach((value, i) => {
    average = averageStep(average, Float64Array.of(value), { decay: 0.9, step: i + 1 }).value;
  });
  const weights = values.map((_, i) => 0.9 ** (values.length - 1 - i));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const mean = values.reduce((all, value, i) => all + weights[i]! * value, 0) / sum;
  assertClose(average, [mean], { tolerance: 1e-12, what: "average" });
});
