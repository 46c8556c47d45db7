import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import {
  calibrationOf,
  fitTemperature,
  probabilitiesOf,
  type RecordLogits,
  reliabilityOf,
  TEMPERATURES,
} from "./calibration.ts";

const near = (a: number, b: number, tolerance = 1e-12) => Math.abs(a - b) <= tolerance;

Deno.test("hand-worked: calibration error, Brier score and bins", () => {
  // Three records of two classes; 15 bins are 1/15 wide.
  const probabilities = [[0.9, 0.1], [0.92, 0.08], [0.4, 0.6]];
  const { calibrationError, brier, negativeLogLikelihood, bins } = reliabilityOf(
    probabilities,
    [0, 1, 1],
  );
  // 0.9 and 0.92 lie in (13/15, 14/15]: one of two is right, confidence 0.91. 0.6 = 9/15 ends bin 9.
  assert.ok(near(calibrationError, (2 * Math.abs(0.5 - 0.91) + Math.abs(1 - 0.6)) / 3));
  assert.ok(near(brier, (2 * 0.1 ** 2 + 2 * 0.92 ** 2 + 2 * 0.4 ** 2) / 3));
  assert.ok(near(negativeLogLikelihood, -(Math.log(0.9) + Math.log(0.08) + Math.log(0.6)) / 3));
  assert.equal(bins.length, 15);
  assert.deepEqual(bins.map(({ records }) => records), [
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    2,
    0,
  ]);
  assert.ok(near(bins[13]!.confidence!, 0.91) && bins[13]!.accuracy === 0.5);
  assert.equal(bins[0]!.accuracy, null);
  // Certain and right predictions lie in the last bin, without error.
  const sure = reliabilityOf([[1, 0], [0, 1]], [0, 1]);
  assert.deepEqual([sure.calibrationError, sure.brier, sure.bins[14]!.records], [0, 0, 2]);
});

Deno.test("probabilities are the mean over the steps of softmax(logits / T)", () => {
  const values = Float32Array.of(1, 3, 0, -1); // two classes, two steps
  const expected = (t: number) => [
    (Math.exp(1 / t) / (Math.exp(1 / t) + 1) +
      Math.exp(3 / t) / (Math.exp(3 / t) + Math.exp(-1 / t))) /
    2,
  ];
  for (const temperature of [0.5, 1, 4]) {
    const [p, q] = probabilitiesOf({ values, steps: 2 }, { classes: 2, temperature });
    assert.ok(near(p!, expected(temperature)[0]!) && near(p! + q!, 1));
  }
});

/** Records of one step whose truths are drawn from softmax(logits / temperature). */
function drawn(temperature: number, count: number): { records: RecordLogits[]; truths: number[] } {
  const rng = createRng(1, "calibration");
  const truths: number[] = [];
  const records = Array.from({ length: count }, () => {
    const values = Float32Array.from({ length: 3 }, () => 6 * (rng.next() - 0.5));
    const record = { values, steps: 1 };
    const p = probabilitiesOf(record, { classes: 3, temperature });
    const at = rng.next();
    truths.push(at < p[0]! ? 0 : at < p[0]! + p[1]! ? 1 : 2);
    return record;
  });
  return { records, truths };
}

Deno.test("the fitted temperature is the one with which the truths were drawn", () => {
  for (const temperature of [0.5, 1, 3]) {
    const { records, truths } = drawn(temperature, 4000);
    const fitted = fitTemperature(records, { truths, classes: 3 });
    // Five standard errors of a temperature fitted on 4,000 records.
    assert.ok(Math.abs(Math.log(fitted / temperature)) < 0.25, `${fitted} for ${temperature}`);
    assert.equal(fitTemperature(records, { truths, classes: 3 }), fitted);
    // A minimum: a step to either side is worse.
    const cost = (t: number) =>
      calibrationOf(records, { truths, classes: 3, temperature: t }).negativeLogLikelihood;
    assert.ok(cost(fitted) < cost(fitted * 1.01) && cost(fitted) < cost(fitted / 1.01));
  }
});

Deno.test("temperature scaling corrects overconfident probabilities", () => {
  const { records, truths } = drawn(3, 3000); // at T = 1 the network is too sure of itself
  const temperature = fitTemperature(records, { truths, classes: 3 });
  const found = calibrationOf(records, { truths, classes: 3, temperature });
  assert.equal(found.temperature, temperature);
  assert.ok(found.uncalibrated.calibrationError > 0.15);
  assert.ok(found.calibrationError < 0.04, String(found.calibrationError));
  assert.ok(found.brier < found.uncalibrated.brier);
});

Deno.test("a network that is never wrong gets the smallest temperature, not NaN", () => {
  const record = { values: Float32Array.of(50, -50), steps: 1 };
  const fitted = fitTemperature([record], { truths: [0], classes: 2 });
  assert.ok(fitted >= TEMPERATURES.least - 1e-9 && fitted <= TEMPERATURES.most, String(fitted));
  const wrong = fitTemperature([record], { truths: [1], classes: 2 });
  assert.ok(near(wrong, TEMPERATURES.most, 1e-4), String(wrong));
});
