import assert from "node:assert/strict";
import { type EarlyStopping, stopsEarly } from "./early_stopping.ts";
import type { EpochRow } from "./progress.ts";

/** Epochs with these dev losses; a lower loss has a higher score. */
function rows(losses: readonly number[]): EpochRow[] {
  return losses.map((devLoss, i) => ({
    epoch: i + 1,
    step: i + 1,
    learningRate: 1,
    trainLoss: 0,
    gradientNorm: 0,
    devLoss,
    devAccuracy: 0,
    devScore: 1 - devLoss / 10,
  }));
}

/** The epoch after which the rule ends a round with these losses; null if it never does. */
function end(settings: EarlyStopping | null, losses: readonly number[]): number | null {
  const epochs = losses.map((_, i) => i + 1);
  return epochs.find((epoch) => stopsEarly(settings, rows(losses.slice(0, epoch)))) ?? null;
}

Deno.test("a round ends `patience` epochs after its best one, by loss and by score", () => {
  const losses = [5, 4, 4, 3, 3.5, 3, 3.2, 1];
  for (const metric of ["loss", "score"] as const) {
    assert.equal(end({ patience: 1, minEpochs: 1, metric }, losses), 3);
    assert.equal(end({ patience: 2, minEpochs: 1, metric }, losses), 6);
    assert.equal(end({ patience: 3, minEpochs: 1, metric }, losses), 7);
    assert.equal(end({ patience: 4, minEpochs: 1, metric }, losses), null);
  }
});

Deno.test("a round never ends before the smallest number of epochs, or if early stopping is off", () => {
  const losses = [1, 2, 3, 4, 5];
  assert.equal(end({ patience: 1, minEpochs: 4, metric: "loss" }, losses), 4);
  assert.equal(end({ patience: 1, minEpochs: 6, metric: "loss" }, losses), null);
  assert.equal(end(null, losses), null);
  assert.equal(stopsEarly({ patience: 1, minEpochs: 1, metric: "loss" }, []), false);
});
