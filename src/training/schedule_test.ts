import assert from "node:assert/strict";
import { learningRateAt, type RateAt, type ScheduleConfig } from "./schedule.ts";

/** The rate of each step of a round; by default an epoch has one step. */
function rates(
  schedule: ScheduleConfig,
  epochs: number,
  { losses = [], ...changes }: { losses?: number[] } & Partial<RateAt> = {},
): number[] {
  const round = { stepsPerEpoch: 1, epochs, initial: 1, warmup: 0, ...changes };
  return Array.from({ length: epochs * round.stepsPerEpoch }, (_, step) => {
    const devLosses = losses.slice(0, Math.floor(step / round.stepsPerEpoch));
    return learningRateAt(schedule, { ...round, step, devLosses });
  });
}

function assertNear(got: readonly number[], want: readonly number[]): void {
  assert.equal(got.length, want.length);
  got.forEach((rate, i) => assert.ok(Math.abs(rate - want[i]!) < 1e-12, `${i}: ${rate}`));
}

Deno.test("a constant schedule is constant", () => {
  assert.deepEqual(rates({ kind: "constant" }, 3), [1, 1, 1]);
});

Deno.test("a step schedule drops at fractions of the round", () => {
  const schedule = { kind: "step", milestones: [0.5, 0.75], factor: 0.5 } as const;
  assert.deepEqual(rates(schedule, 8), [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  assert.deepEqual(rates(schedule, 4), [1, 1, 0.5, 0.25]);
  // The drop holds for whole epochs, for any number of steps.
  assert.deepEqual(rates(schedule, 4, { stepsPerEpoch: 2 }), [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
});

Deno.test("a plateau schedule drops after `patience` epochs without a lower dev loss", () => {
  const schedule = { kind: "plateau", factor: 0.5, patience: 2, minimum: 0.2 } as const;
  //           best 3, worse, worse -> drop, better, equal, worse -> drop, worse, worse -> minimum
  const losses = [3, 4, 3, 2, 2, 5, 5, 5];
  assert.deepEqual(rates(schedule, 9, { losses }), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2]);
});

Deno.test("a fine-tuning rate below the plateau's minimum does not change", () => {
  const schedule = { kind: "plateau", factor: 0.5, patience: 1, minimum: 2 } as const;
  assert.deepEqual(rates(schedule, 3, { losses: [1, 2, 3] }), [1, 1, 1]);
});

Deno.test("cosine and linear schedules go step by step from the full rate to exactly the floor", () => {
  const half = Math.SQRT1_2 / 2;
  const round = { stepsPerEpoch: 5, initial: 2 };
  assertNear(
    rates({ kind: "cosine", floor: 0 }, 1, round),
    [2, 2 * (0.5 + half), 1, 2 * (0.5 - half), 0],
  );
  assertNear(rates({ kind: "linear", floor: 0.2 }, 1, round), [2, 1.6, 1.2, 0.8, 0.4]);
  for (const kind of ["cosine", "linear", "one-cycle"] as const) {
    const all = rates({ kind, floor: 0.01 }, 7, { stepsPerEpoch: 13, initial: 3e-3 });
    assert.equal(all.at(-1), 3e-3 * 0.01, kind);
  }
});

Deno.test("warm-up rises linearly to the full rate, then the decay begins", () => {
  const round = { stepsPerEpoch: 4, warmup: 0.75 };
  assertNear(
    rates({ kind: "linear", floor: 0 }, 2, round),
    [0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0],
  );
  assertNear(rates({ kind: "constant" }, 2, round), [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]);
  const step = { kind: "step", milestones: [0.5], factor: 0.1 } as const;
  assertNear(rates(step, 2, round), [0.25, 0.5, 0.75, 1, 0.1, 0.1, 0.1, 0.1]);
  // The longest warm-up is all steps of a round except the last.
  assertNear(rates({ kind: "cosine", floor: 0 }, 1, { stepsPerEpoch: 4, warmup: 0.75 }), [
    0.25,
    0.5,
    0.75,
    1,
  ]);
});

Deno.test("one cycle goes up, down and to the floor", () => {
  const all = rates({ kind: "one-cycle", floor: 0 }, 1, { stepsPerEpoch: 101 });
  assertNear([0, 45, 90, 95, 100].map((step) => all[step]!), [0.1, 1, 0.1, 0.05, 0]);
  assert.ok(all.every((rate, i) => i === 0 || (rate > all[i - 1]!) === (i <= 45)));
  // With a floor above its usual start, the cycle ends at its first rate.
  const high = rates({ kind: "one-cycle", floor: 0.4 }, 1, { stepsPerEpoch: 101 });
  assertNear([0, 45, 90, 100].map((step) => high[step]!), [0.4, 1, 0.4, 0.4]);
});
