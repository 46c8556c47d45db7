import assert from "node:assert/strict";
import { loadOpGoldens } from "../golden/op_goldens.ts";
import { norm, normBackward, type NormOptions } from "./norm.ts";
import { dropoutKeeps, randomKey } from "./random.ts";
import { type Signals, signals } from "./signals.ts";
import { assertClose, assertGradient, dot, randomArray, randomSignals } from "./testing.ts";

function options(channels: number, changes: Partial<NormOptions> = {}): NormOptions {
  return {
    gamma: new Float64Array(channels).fill(1),
    beta: new Float64Array(channels),
    runningMean: new Float64Array(channels),
    runningVariance: new Float64Array(channels).fill(1),
    epsilon: 0,
    momentum: 0.1,
    training: true,
    relu: false,
    ...changes,
  };
}

Deno.test("a norm worked by hand", () => {
  // Valid values 1, 3, 5, 7: mean 4, biased variance 5, unbiased 20 / 3. The 9 lies past the end.
  const x = signals([1, 3, 5, 7, 9, 9], { lengths: [3, 1], channels: 1, length: 3 });
  const result = norm(x, options(1, { gamma: Float64Array.of(2), beta: Float64Array.of(1) }));
  const s = 2 / Math.sqrt(5);
  assertClose(result.y.value.values, [1 - 3 * s, 1 - s, 1 + s, 1 + 3 * s, 0, 0], {
    tolerance: 1e-15,
    what: "y",
  });
  assertClose(result.runningMean.value, [0.4], { tolerance: 1e-15, what: "running mean" });
  assertClose(result.runningVariance.value, [0.9 + 2 / 3], { tolerance: 1e-15, what: "variance" });
});

Deno.test("evaluation uses the running statistics and does not change them", () => {
  const x = signals([1, 3], { lengths: [2], channels: 1, length: 2 });
  const running = { runningMean: Float64Array.of(5), runningVariance: Float64Array.of(3) };
  const result = norm(x, options(1, { ...running, epsilon: 1, training: false }));
  assert.deepEqual([...result.y.value.values], [-2, -1]);
  assert.deepEqual([...result.runningMean.value], [5]);
  assert.deepEqual([...result.runningVariance.value], [3]);
});

Deno.test("ReLU cuts negatives, dropout cuts by random bits and scales the rest", () => {
  const x = randomSignals("x", { lengths: [20, 13], channels: 3, length: 20 });
  const key = randomKey({ seed: 9n, stream: 4, layer: 1 });
  const plain = norm(x, options(3)).y.value;
  const dropped = norm(x, options(3, { relu: true, dropout: { rate: 0.25, key } })).y.value;
  const want = plain.values.map((value, index) =>
    value > 0 && dropoutKeeps(key, { index, rate: 0.25 }) ? value / 0.75 : 0
  );
  assertClose(dropped.values, want, { tolerance: 1e-15, what: "y" });
});

Deno.test("without positions the running statistics do not change", () => {
  const x = signals([0, 0], { lengths: [0], channels: 1, length: 2 });
  const result = norm(x, options(1));
  assert.deepEqual([...result.runningMean.value, ...result.runningVariance.value], [0, 1]);
  assert.deepEqual([...result.y.value.values], [0, 0]);
});

Deno.test("gradients agree with finite differences", () => {
  for (
    const { relu, rate } of [
      { relu: false, rate: 0 },
      { relu: true, rate: 0 },
      { relu: true, rate: 0.3 },
      { relu: false, rate: 0.3 },
    ]
  ) {
    const lengths = [5, 2, 0], length = 5;
    const x = randomSignals("x", { lengths, channels: 2, length });
    const settings = options(2, {
      gamma: randomArray(2, "gamma"),
      beta: randomArray(2, "beta"),
      epsilon: 1e-3,
      relu,
      dropout: { rate, key: randomKey({ seed: 1n, stream: 0, layer: 0 }) },
    });
    const forward = (): Signals => norm(x, settings).y.value;
    const dy = randomSignals("dy", { lengths, channels: 2, length });
    const got = normBackward(x, { ...settings, y: forward(), dy, dropoutRate: rate });
    const objective = () => dot(forward().values, dy.values);
    const { gamma, beta } = settings;
    const what = `relu ${relu}, dropout ${rate}`;
    const skip = (at: number) => at % length >= lengths[Math.floor(at / (2 * length))]!;
    assertGradient(objective, {
      variable: x.values,
      gradient: got.dx.value.values,
      what: `dx, ${what}`,
      skip,
    });
    assertGradient(objective, { variable: gamma, gradient: got.dgamma.value, what });
    assertGradient(objective, { variable: beta, gradient: got.dbeta.value, what });
  }
});

Deno.test("norms agree with PyTorch", () => {
  const goldens = loadOpGoldens("norm");
  assert.equal(goldens.length, 2);
  for (const { name, settings, array, shape } of goldens) {
    const { lengths, ...given } = settings as {
      lengths: number[];
      relu: boolean;
      epsilon: number;
      momentum: number;
    };
    const [, channels, length] = shape("x") as [number, number, number];
    const x = signals(array("x"), { lengths, channels, length });
    const before = {
      ...given,
      gamma: array("gamma"),
      beta: array("beta"),
      runningMean: array("running_mean_before"),
      runningVariance: array("running_variance_before"),
    };
    const { y, runningMean, runningVariance } = norm(x, { ...before, training: true });
    const dy = signals(array("dy"), { lengths, channels, length });
    const back = normBackward(x, { ...before, y: y.value, dy, dropoutRate: 0 });
    const got = {
      y: y.value.values,
      evaluated: norm(x, { ...before, training: false }).y.value.values,
      running_mean: runningMean.value,
      running_variance: runningVariance.value,
      dx: back.dx.value.values,
      dgamma: back.dgamma.value,
      dbeta: back.dbeta.value,
    };
    for (const [key, values] of Object.entries(got)) {
      assertClose(values, array(key), { tolerance: 1e-12, what: `${name}.${key}` });
    }
  }
});
