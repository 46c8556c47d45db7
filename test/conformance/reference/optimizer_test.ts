import assert from "node:assert/strict";
import { loadOpGoldens } from "../golden/op_goldens.ts";
import {
  clipFactor,
  gradientNorm,
  type Trainable,
  update,
  type UpdateOptions,
} from "./optimizer.ts";
import { assertClose } from "./testing.ts";

const ADAM: UpdateOptions = {
  kind: "adam",
  learningRate: 0.1,
  beta1: 0.5,
  beta2: 0.75,
  epsilon: 0.5,
  weightDecay: 0,
  clipNorm: 0,
  norm: 0,
  step: 1,
};

function trainable(value: number, gradient: number, moment1 = 0, moment2 = 0): Trainable {
  return {
    value: Float64Array.of(value),
    gradient: Float64Array.of(gradient),
    moment1: Float64Array.of(moment1),
    moment2: Float64Array.of(moment2),
  };
}

Deno.test("norm and clipping worked by hand", () => {
  assert.equal(gradientNorm([Float64Array.of(2, 3), Float64Array.of(6)]), 7);
  assert.equal(clipFactor({ norm: 4, clipNorm: 1 }), 0.25);
  assert.equal(clipFactor({ norm: 0.5, clipNorm: 1 }), 1);
  assert.equal(clipFactor({ norm: 4, clipNorm: 0 }), 1);
});

Deno.test("Adam worked by hand", () => {
  // First update: corrected moments are g = 2 and g^2 = 4, so the step is 0.1 * 2 / (2 + 0.5).
  const first = update(trainable(1, 2), ADAM);
  assertClose(first.value.value, [0.92], { tolerance: 1e-15, what: "value" });
  assert.deepEqual([...first.moment1.value, ...first.moment2.value], [1, 1]);
  // Second, from moments 1 and 1 with g = 0: corrected 0.5 / 0.75 and 0.75 / 0.4375.
  const second = update(trainable(1, 0, 1, 1), { ...ADAM, step: 2 });
  const step = 0.1 * (0.5 / 0.75) / (Math.sqrt(0.75 / 0.4375) + 0.5);
  assertClose(second.value.value, [1 - step], { tolerance: 1e-15, what: "value" });
});

Deno.test("SGD with momentum, decay and clipping worked by hand", () => {
  // Clipped gradient 8 / 4 = 2, plus 0.25 * 4 = 3; moment 0.5 * 6 + 3 = 6; value 4 - 0.1 * 6.
  const options = { ...ADAM, kind: "sgd" as const, weightDecay: 0.25, clipNorm: 1, norm: 4 };
  const result = update(trainable(4, 8, 6), options);
  assertClose(result.value.value, [3.4], { tolerance: 1e-15, what: "value" });
  assert.deepEqual([...result.moment1.value, ...result.moment2.value], [6, 0]);
});

Deno.test("AdamW worked by hand: the decay is not part of the gradient", () => {
  // As Adam's first update, from a value that has lost 0.1 * 2 of itself.
  const { value, moment1 } = update(trainable(1, 2), { ...ADAM, kind: "adamw", weightDecay: 2 });
  assertClose(value.value, [0.8 - 0.08], { tolerance: 1e-15, what: "value" });
  assert.equal(moment1.value[0], 1);
});

Deno.test("a pruned place stays exactly 0", () => {
  for (const kind of ["adam", "adamw", "sgd"] as const) {
    const { value, moment1, moment2 } = update(trainable(0, 0), {
      ...ADAM,
      kind,
      weightDecay: 0.1,
    });
    assert.deepEqual([value.value[0], moment1.value[0], moment2.value[0]], [0, 0, 0]);
    assert.deepEqual([value.terms[0], moment1.terms[0], moment2.terms[0]], [0, 0, 0]);
  }
});

Deno.test("updates agree with PyTorch", () => {
  const goldens = loadOpGoldens("optimizer");
  assert.equal(goldens.length, 4);
  for (const { name, settings, array, shape } of goldens) {
    const [steps, size] = shape("gradients") as [number, number];
    let value: Float64Array = array("start");
    let moment1: Float64Array = new Float64Array(size);
    let moment2: Float64Array = new Float64Array(size);
    for (let step = 1; step <= steps; step++) {
      const row = (step - 1) * size;
      const gradient = array("gradients").subarray(row, row + size);
      const options = { ...ADAM, ...settings, step } as UpdateOptions;
      const next = update({ value, gradient, moment1, moment2 }, options);
      [value, moment1, moment2] = [next.value.value, next.moment1.value, next.moment2.value];
      const want = array("values").subarray(row, row + size);
      assertClose(value, want, { tolerance: 1e-13, what: `${name} after step ${step}` });
    }
  }
});
