import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { holm } from "./holm.ts";

Deno.test("adjusted p values worked by hand", () => {
  // Sorted: 0.005 * 4, then max(0.02, 0.01 * 3), max(0.03, 0.03 * 2), max(0.06, 0.04 * 1).
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((expected, i) =>
    assert.ok(Math.abs(adjusted[i]! - expected) < 1e-15, `${adjusted}`)
  );
  assert.deepEqual(holm([0.4]), [0.4]);
  assert.deepEqual(holm([0.9, 0.8]), [1, 1]);
  assert.deepEqual(holm([]), []);
});

Deno.test("tests without a value count in the family, so that later values adjust no p upwards", () => {
  assert.deepEqual(holm([0.02], 4), [0.08]);
  const rng = createRng(5, "holm");
  for (let i = 0; i < 200; i++) {
    const all = Array.from({ length: 6 }, () => rng.next() ** 3);
    const early = holm(all.slice(0, 3), 6);
    holm(all).slice(0, 3).forEach((p, k) => assert.ok(p <= early[k]!, `${p} after ${early[k]}`));
  }
});

Deno.test("about 5 % of families without any difference have a false claim", () => {
  const rng = createRng(4, "holm");
  const families = 4000;
  let wrong = 0;
  for (let i = 0; i < families; i++) {
    if (holm([0, 1, 2, 3, 4].map(() => rng.next())).some((p) => p < 0.05)) wrong++;
  }
  // 1 - 0.99^5 = 0.0490; three standard errors are 0.0102.
  assert.ok(Math.abs(wrong / families - 0.049) < 0.0102, `${wrong} of ${families}`);
});
