import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { scoreStandardError } from "./standard_error.ts";

Deno.test("the standard error of one class's F1 agrees with the formula worked by hand", () => {
  // F1 = 2a / (2a + b + c) with a = .4, b = c = .1: g = .4, -.8, -.8; variance .192 / 100.
  const error = scoreStandardError([[40, 10], [10, 40]], [0]);
  assert.ok(Math.abs((error ?? 0) - Math.sqrt(0.00192)) < 1e-12, `${error}`);
});

Deno.test("the standard error of a mean of F1 agrees with redrawing the records", () => {
  const confusion = [[70, 6, 14, 2], [5, 30, 8, 1], [20, 6, 44, 3], [1, 0, 2, 8]];
  const scored = [0, 1, 2];
  const cells = confusion.flatMap((row, i) =>
    row.flatMap((count, j) => Array.from({ length: count }, () => [i, j] as const))
  );
  const rng = createRng(11, "bootstrap");
  const draws = Array.from({ length: 4000 }, () => {
    const drawn = confusion.map((row) => row.map(() => 0));
    for (let k = 0; k < cells.length; k++) {
      const [i, j] = cells[rng.integer(cells.length)] ?? [0, 0];
      const row = drawn[i] ?? [];
      row[j] = (row[j] ?? 0) + 1;
    }
    return meanF1(drawn, scored);
  });
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const deviation = Math.sqrt(draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length);
  const error = scoreStandardError(confusion, scored) ?? 0;
  // 4000 draws leave about 1.1 % on the deviation; the linearisation a little more.
  assert.ok(Math.abs(error / deviation - 1) < 0.05, `${error} against ${deviation}`);
});

Deno.test("a class without F1 does not count in the mean", () => {
  const without = scoreStandardError([[40, 10, 0], [10, 40, 0], [0, 0, 0]], [0, 1, 2]);
  assert.equal(without, scoreStandardError([[40, 10], [10, 40]], [0, 1]));
});

Deno.test("the standard error is null if it cannot be estimated", () => {
  assert.equal(scoreStandardError([], []), null);
  assert.equal(scoreStandardError([[0, 0], [0, 0]], [0, 1]), null);
  assert.equal(scoreStandardError([[3, 0], [0, 4]], [0, 1]), null, "all right");
  assert.equal(scoreStandardError([[0, 3], [4, 0]], [0, 1]), null, "all wrong");
  assert.equal(scoreStandardError([[3, 1], [0, 4]], []), null, "no scored class");
});

function meanF1(confusion: number[][], scored: number[]): number {
  const f1 = scored.map((c) => {
    const row = (confusion[c] ?? []).reduce((sum, x) => sum + x, 0);
    const column = confusion.reduce((sum, counts) => sum + (counts[c] ?? 0), 0);
    return (2 * (confusion[c]?.[c] ?? 0)) / (row + column);
  });
  return f1.reduce((sum, x) => sum + x, 0) / f1.length;
}
