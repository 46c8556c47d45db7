import assert from "node:assert/strict";
import { studentCdf, studentFreedom, studentQuantile, studentTwoSided } from "./student.ts";

Deno.test("quantiles are those of the printed tables", () => {
  // Two-sided 5 % and 1 % points, as in any table of the t distribution.
  const table: [df: number, five: number, one: number][] = [
    [1, 12.706205, 63.656741],
    [2, 4.302653, 9.924843],
    [3, 3.182446, 5.840909],
    [4, 2.776445, 4.604095],
    [5, 2.570582, 4.032143],
    [9, 2.262157, 3.249836],
    [30, 2.042272, 2.749996],
    [120, 1.979930, 2.617421],
    [Infinity, 1.959964, 2.575829],
  ];
  for (const [df, five, one] of table) {
    assert.ok(Math.abs(studentQuantile(0.975, df) - five) < 1e-6, `${df}`);
    assert.ok(Math.abs(studentQuantile(0.995, df) - one) < 1e-6, `${df}`);
    assert.equal(studentQuantile(0.025, df), -studentQuantile(0.975, df));
  }
  assert.equal(studentQuantile(0.5, 3), 0);
});

Deno.test("one and two degrees of freedom have the closed forms", () => {
  for (const t of [-300, -4, -1, -0.1, 0, 0.3, 2, 12, 1e4]) {
    assert.ok(Math.abs(studentCdf(t, 1) - (0.5 + Math.atan(t) / Math.PI)) < 1e-12, `${t}`);
    assert.ok(Math.abs(studentCdf(t, 2) - (0.5 + t / (2 * Math.sqrt(2 + t * t)))) < 1e-12);
  }
});

Deno.test("degrees of freedom need not be whole, and many of them are the normal distribution", () => {
  const [a, b, c] = [2, 2.5, 3].map((df) => studentQuantile(0.975, df));
  assert.ok(a! > b! && b! > c!);
  for (const t of [-5, -1.5, 0.2, 3]) {
    const near = studentCdf(t, 9e6);
    assert.ok(Math.abs(near - studentCdf(t, Infinity)) < 1e-7, `${t}: ${near}`);
  }
  assert.ok(Math.abs(studentTwoSided(-1.959964, Infinity) - 0.05) < 1e-7);
  assert.equal(studentTwoSided(0, 4), 1);
});

Deno.test("invalid degrees of freedom and shares are refused", () => {
  assert.throws(() => studentCdf(1, 0), /above 0, found 0/);
  assert.throws(() => studentQuantile(1, 3), /between 0 and 1, found 1/);
});

Deno.test("degrees of freedom are found from their quantile", () => {
  for (const df of [0.7, 1, 2, 3.7, 40]) {
    const found = studentFreedom(0.975, studentQuantile(0.975, df));
    assert.ok(Math.abs(found / df - 1) < 1e-8, `${df}: ${found}`);
  }
  assert.equal(studentFreedom(0.975, studentQuantile(0.975, Infinity)), Infinity);
});
