import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { cubicKeep } from "./mask_policies/gradual.ts";
import { cosineShare } from "./mask_policies/rigl.ts";
import { maskChanges, stretchesOf } from "./mask_policies.ts";
import { changeSteps } from "./mask_policy.ts";

const ONE_ROUND = { rounds: 1, target: 10 } as const;
/** Ten epochs of 40 updates. */
const LENGTH = { total: 1000, steps: 400, stepsPerEpoch: 40 };

Deno.test("gradual pruning follows the cubic schedule, by hand, and ends at the exact count", () => {
  const schedule = { kind: "gradual", every: "50it", begin: 0.25, end: 0.75 } as const;
  const changes = maskChanges({ schedule, ...ONE_ROUND }, LENGTH);
  // s_t = 0.9 - 0.9 (1 - k/4)^3 for k = 1 to 4: 0.5203, 0.7875, 0.8859, 0.9.
  assert.deepEqual(changes, [
    { step: 150, keep: 480, share: 0 },
    { step: 200, keep: 213, share: 0 },
    { step: 250, keep: 114, share: 0 },
    { step: 300, keep: 100, share: 0 },
  ]);
  assert.deepEqual(stretchesOf({ schedule, ...ONE_ROUND }, LENGTH), [
    { updates: 150, kept: 1000 },
    { updates: 50, kept: 480 },
    { updates: 50, kept: 213 },
    { updates: 50, kept: 114 },
    { updates: 100, kept: 100 },
  ]);
  for (const changes of [1, 3, 7, 100]) {
    const keeps = Array.from(
      { length: changes + 1 },
      (_, change) => cubicKeep({ total: 653_696, keep: 41_836 }, { change, of: changes }),
    );
    assert.equal(keeps[0], 653_696);
    assert.equal(keeps.at(-1), 41_836);
    assert.ok(keeps.every((keep, i) => i === 0 || keep <= keeps[i - 1]!));
  }
});

Deno.test("SET changes the same share after every epoch but the last", () => {
  const schedule = { kind: "set", every: "1ep", share: 0.3, end: 1 } as const;
  const changes = maskChanges({ schedule, ...ONE_ROUND }, LENGTH);
  assert.deepEqual(changes.map(({ step }) => step), [40, 80, 120, 160, 200, 240, 280, 320, 360]);
  assert.ok(changes.every(({ keep, share }) => keep === 100 && share === 0.3));
  const stretches = stretchesOf({ schedule, ...ONE_ROUND }, LENGTH);
  assert.deepEqual(stretches, new Array(10).fill({ updates: 40, kept: 100 }));
});

Deno.test("RigL's share falls along half a cosine to its end, by hand", () => {
  const schedule = { kind: "rigl", every: "100it", share: 0.3, end: 0.75 } as const;
  const changes = maskChanges({ schedule, ...ONE_ROUND }, LENGTH);
  assert.deepEqual(changes.map(({ step }) => step), [100, 200, 300]);
  // 0.15 (1 + cos(pi / 3)) = 0.225; 0.15 (1 + cos(2 pi / 3)) = 0.075; 0.15 (1 + cos(pi)) = 0.
  [0.225, 0.075, 0].forEach((share, i) =>
    assert.ok(Math.abs(changes[i]!.share - share) < 1e-15, `${changes[i]!.share}`)
  );
  assert.equal(cosineShare(0.3, { step: 0, end: 300 }), 0.3);
});

Deno.test("a training without room for a change is refused, and so is a distance of 0", () => {
  const timing = { every: "100it", begin: 0, end: 0.75 };
  assert.throws(
    () => changeSteps(timing, { steps: 120, stepsPerEpoch: 40 }),
    (error) =>
      error instanceof UsageError &&
      /every 100it: of the 120 updates .* between 0 and 90; .* --mask-every/.test(error.message),
  );
  assert.throws(
    () => changeSteps({ ...timing, every: "0" }, { steps: 120, stepsPerEpoch: 40 }),
    /expected a distance such as 100it/,
  );
  // The last update comes after every change.
  assert.deepEqual(
    changeSteps({ every: "4it", begin: 0, end: 1 }, { steps: 8, stepsPerEpoch: 4 }),
    [
      4,
    ],
  );
});
