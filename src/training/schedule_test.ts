import assert from "node:assert/strict";
import { learningRateAt, type ScheduleConfig } from "./schedule.ts";

function rates(schedule: ScheduleConfig, epochs: number, losses: number[] = []): number[] {
  return Array.from(
    { length: epochs },
    (_, epoch) =>
      learningRateAt(schedule, { epoch, epochs, initial: 1, devLosses: losses.slice(0, epoch) }),
  );
}

Deno.test("a constant schedule is constant", () => {
  assert.deepEqual(rates({ kind: "constant" }, 3), [1, 1, 1]);
});

Deno.test("a step schedule drops at fractions of the round", () => {
  const schedule = { kind: "step", milestones: [0.5, 0.75], factor: 0.5 } as const;
  assert.deepEqual(rates(schedule, 8), [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  assert.deepEqual(rates(schedule, 4), [1, 1, 0.5, 0.25]);
});

Deno.test("a plateau schedule drops after `patience` epochs without a lower dev loss", () => {
  const schedule = { kind: "plateau", factor: 0.5, patience: 2, minimum: 0.2 } as const;
  //           best 3, worse, worse -> drop, better, equal, worse -> drop, worse, worse -> minimum
  const losses = [3, 4, 3, 2, 2, 5, 5, 5];
  assert.deepEqual(rates(schedule, 9, losses), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2]);
});

Deno.test("a fine-tuning rate below the plateau's minimum is left alone", () => {
  const schedule = { kind: "plateau", factor: 0.5, patience: 1, minimum: 2 } as const;
  assert.deepEqual(rates(schedule, 3, [1, 2, 3]), [1, 1, 1]);
});
