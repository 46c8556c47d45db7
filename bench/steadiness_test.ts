import assert from "node:assert/strict";
import { isUnsteady, steadinessLines, steadinessMark } from "./steadiness.ts";

Deno.test("a timing is marked from a quarter of difference on, whatever its size", () => {
  assert.equal(isUnsteady({ fastest: 400, slowest: 500 }), false);
  assert.equal(isUnsteady({ fastest: 400, slowest: 501 }), true);
  assert.equal(isUnsteady({ fastest: 4, slowest: 5.01 }), true);
  assert.equal(isUnsteady({ fastest: 7, slowest: 7 }), false);
  assert.equal(steadinessMark({ fastest: 1, slowest: 2 }), " !");
  assert.equal(steadinessMark({ fastest: 1, slowest: 1.1 }), "");
});

Deno.test("the warning counts the marked timings, and is left out where there are none", () => {
  const calm = { fastest: 100, slowest: 105 }, disturbed = { fastest: 100, slowest: 160 };
  assert.deepEqual(steadinessLines([]), []);
  assert.deepEqual(steadinessLines([calm, calm]), []);
  const [line, ...more] = steadinessLines([calm, disturbed, calm]);
  assert.equal(more.length, 0);
  assert.match(line!, /^! 1 of 3: the slowest step took more than 1\.25 times the fastest\./);
});
