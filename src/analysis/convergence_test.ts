import assert from "node:assert/strict";
import type { EpochRow } from "../results/summary.ts";
import { convergenceOf } from "./convergence.ts";

function rows(values: readonly [loss: number, score: number][]): EpochRow[] {
  return values.map(([devLoss, devScore], i) => ({
    epoch: i + 1,
    step: i,
    learningRate: 1,
    trainLoss: 0,
    gradientNorm: 0,
    devLoss,
    devAccuracy: 0,
    devScore,
  }));
}

Deno.test("the first epoch that reaches the threshold and the first of the lowest losses", () => {
  const curve = rows([[3, 0.2], [1, 0.5], [2, 0.6], [1, 0.4], [4, 0.6]]);
  const at = (threshold: number) => convergenceOf(curve, threshold).epochsToThreshold;
  assert.deepEqual([0.1, 0.5, 0.51, 0.6, 0.61].map(at), [1, 2, 3, 3, null]);
  assert.equal(convergenceOf(curve, 0).lowestLossEpoch, 2);
});
