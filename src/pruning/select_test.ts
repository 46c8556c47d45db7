import assert from "node:assert/strict";
import { openTestDevice } from "../addon/testing.ts";
import { Failure } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { selectHighest } from "./select.ts";

const ones = (...sizes: number[]) => sizes.map((size) => new Uint8Array(size).fill(1));

Deno.test("signed scores: the highest survive, ties go to the lower tensor and index", () => {
  const scores = [Float64Array.of(-3, 0.5, 0.5), Float64Array.of(0.5, 2, -0.1)];
  const masks = (keep: number) =>
    selectHighest(scores, { alive: ones(3, 3), keep }).map((mask) => [...mask]);
  assert.deepEqual(masks(1), [[0, 0, 0], [0, 1, 0]]);
  assert.deepEqual(masks(2), [[0, 1, 0], [0, 1, 0]]);
  assert.deepEqual(masks(3), [[0, 1, 1], [0, 1, 0]]);
  assert.deepEqual(masks(5), [[0, 1, 1], [1, 1, 1]]);
  assert.deepEqual(masks(6), [[1, 1, 1], [1, 1, 1]]);
});

Deno.test("only surviving weights are chosen, and only their scores are used", () => {
  const scores = [Float64Array.of(NaN, 1, Infinity, 2)];
  const alive = [Uint8Array.of(0, 1, 0, 1)];
  assert.deepEqual(selectHighest(scores, { alive, keep: 1 }), [Uint8Array.of(0, 0, 0, 1)]);
  assert.throws(() => selectHighest(scores, { alive, keep: 3 }), /3 of 2 weights/);
  assert.throws(() => selectHighest(scores, { alive: ones(4), keep: 1 }), Failure);
});

Deno.test("for any numbers the selection agrees with sorting", () => {
  const rng = createRng(9, "any");
  const special = [0, -0, Infinity, -Infinity, 5e-324, -5e-324, 1, -1, 1e300];
  const scores = [70, 200, 33].map((size) =>
    Float64Array.from({ length: size }, () => {
      if (rng.integer(5) === 0) return special[rng.integer(special.length)]!;
      return (rng.next() - 0.5) * 10 ** (rng.integer(600) - 300);
    })
  );
  const alive = scores.map((tensor) => Uint8Array.from(tensor, () => rng.integer(5) > 0 ? 1 : 0));
  const places = scores.flatMap((tensor, t) => [...tensor].map((score, i) => ({ score, t, i })))
    .filter(({ t, i }) => alive[t]![i] === 1);
  const order = places.toSorted((a, b) => a.score === b.score ? 0 : a.score < b.score ? 1 : -1);
  for (let keep = 1; keep <= places.length; keep++) {
    const expected = scores.map((tensor) => new Uint8Array(tensor.length));
    for (const { t, i } of order.slice(0, keep)) expected[t]![i] = 1;
    assert.deepEqual(selectHighest(scores, { alive, keep }), expected, `${keep}`);
  }
});

Deno.test("tensors of any size agree with sorting", () => {
  const rng = createRng(10, "sizes");
  for (const size of [3, 5_000, 90_000, 1_200_000]) {
    const scores = [Float64Array.from({ length: size }, () => rng.next() - 0.5)];
    const alive = [new Uint8Array(size).fill(1)];
    const sorted = scores[0]!.toSorted();
    for (const keep of [1, 2, Math.floor(size / 2), size]) {
      const [mask] = selectHighest(scores, { alive, keep });
      const threshold = sorted.at(-keep)!;
      assert.ok(mask!.every((bit, i) => bit === Number(scores[0]![i]! >= threshold)), `${size}`);
    }
  }
});

Deno.test("for magnitudes the selection agrees with the device's, including ties", async () => {
  const device = openTestDevice();
  try {
    const rng = createRng(8, "scores");
    const parameters = [[40, 3, 5], [7, 1, 2], [1]].map((shape) => device.parameter(shape));
    for (const parameter of parameters) {
      const { size } = parameter;
      parameter.setMask(Uint8Array.from({ length: size }, () => rng.integer(4) > 0 ? 1 : 0));
      // There are few different values, so most cuts fall into a tie.
      parameter.write("value", Float32Array.from({ length: size }, () => rng.integer(9) - 4));
    }
    const scores = parameters.map((p) => Float64Array.from(p.read("value"), Math.abs));
    const alive = parameters.map((p) => p.readMask());
    const total = parameters.reduce((sum, p) => sum + p.kept, 0);
    for (const keep of [1, 2, 50, 51, 300, total - 1, total]) {
      assert.deepEqual(
        selectHighest(scores, { alive, keep }),
        device.selectMagnitude(parameters, keep),
        `${keep}`,
      );
    }
  } finally {
    await device.close();
  }
});
