import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { keepCounts, sahuFraction } from "./plan.ts";

const FULL = 10_454_528;
const SAHU = { kind: "sahu", start: 0.3, alpha: 1.1 } as const;

Deno.test("20 % per round of the full network passes 142x in round 23", () => {
  const schedule = { kind: "fixed", fraction: 0.2 } as const;
  const keeps = keepCounts(FULL, { schedule, rounds: 100, target: 142 });
  assert.equal(keeps.length, 23);
  keeps.reduce((before, kept) => {
    assert.ok(Math.abs(kept - 0.8 * before) <= 0.5, `${kept} of ${before}`);
    return kept;
  }, FULL);
});

Deno.test("Sahu's fractions and round counts are those computed from the paper", () => {
  for (const [i, percent] of [30, 22.02, 16.63, 12.88].entries()) {
    assert.ok(Math.abs(100 * sahuFraction(SAHU, i + 1) - percent) < 0.01, `round ${i + 1}`);
  }
  // Computed from the paper: theta 10, 42 and 142 in 84, 227 and 348 rounds.
  for (const [target, rounds] of [[10, 84], [42, 227], [142, 348]] as const) {
    assert.equal(keepCounts(FULL, { schedule: SAHU, rounds: 1000, target }).length, rounds);
  }
});

Deno.test("one shot goes straight to the target", () => {
  const settings = { schedule: { kind: "one-shot" }, rounds: 1, target: 10 } as const;
  assert.deepEqual(keepCounts(1000, settings), [100]);
});

Deno.test("without a target all rounds are done; a fraction of 0 keeps all; the last weight stays", () => {
  const fixed = (fraction: number, rounds: number) =>
    keepCounts(100, { schedule: { kind: "fixed", fraction }, rounds, target: null });
  assert.deepEqual(fixed(0.5, 3), [50, 25, 12]);
  assert.deepEqual(fixed(0, 2), [100, 100]);
  assert.deepEqual(fixed(0.9, 9), [10, 1]);
  assert.deepEqual(fixed(0.001, 3), [99, 98, 97]);
  assert.deepEqual(fixed(0.5, 0), []);
});

Deno.test("a target that the rounds do not reach is refused with the compression they reach", () => {
  const settings = { schedule: { kind: "fixed", fraction: 0.5 }, rounds: 3, target: 10 } as const;
  assert.throws(() => keepCounts(1000, settings), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /10x .* 3 rounds: the last ends at 8\.0x/);
    return true;
  });
});

Deno.test("a target above the number of weights is refused with that number, whatever the schedule", () => {
  const fixed = { kind: "fixed", fraction: 0.5 } as const;
  for (const schedule of [fixed, SAHU, { kind: "one-shot" } as const]) {
    const settings = { schedule, rounds: 1000, target: 200 };
    assert.throws(() => keepCounts(100, settings), (error) => {
      assert.ok(error instanceof UsageError);
      assert.equal(
        error.message,
        "Cannot reach 200x fewer weights: this network has only 100 prunable weights; ask for at most 100x",
      );
      return true;
    });
    assert.equal(keepCounts(100, { ...settings, target: 100 }).at(-1), 1);
  }
});
