import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import type { NativeDevice } from "./native.ts";
import { withDevice } from "./testing.ts";

/** Floats that a careless copy would change. */
const DELICATE = Float32Array.of(0, -0, 1e-45, -1e-45, 1.1754942e-38, 3.4028235e38, 0.1, Infinity);

const bitsOf = (array: Float32Array) => new Uint32Array(array.slice().buffer);

/** A parameter of normal-looking weights with ties, and its values. */
function randomParameter(device: NativeDevice, size: number, stream: number) {
  const rng = createRng(11, stream);
  const parameter = device.parameter([size]);
  const values = Float32Array.from(
    { length: size },
    () => Math.round((rng.next() - 0.5) * 64) / 64,
  );
  parameter.write("value", values);
  return { parameter, values };
}

Deno.test("floats go to the device and come back bit for bit", () =>
  withDevice((device) => {
    const buffer = device.buffer(DELICATE.length);
    assert.deepEqual(buffer.read(), new Float32Array(DELICATE.length));
    buffer.write(DELICATE);
    assert.deepEqual(bitsOf(buffer.read()), bitsOf(DELICATE));
    const parameter = device.parameter([2, 4]);
    for (const slot of ["value", "gradient", "moment1", "moment2"] as const) {
      assert.deepEqual(parameter.read(slot), new Float32Array(8));
      parameter.write(slot, DELICATE);
      assert.deepEqual(bitsOf(parameter.read(slot)), bitsOf(DELICATE));
    }
    assert.deepEqual(parameter.shape, [2, 4]);
    assert.equal(parameter.size, 8);
  }));

Deno.test("a part of a larger array is copied from its own start", () =>
  withDevice((device) => {
    const buffer = device.buffer(3);
    buffer.write(Float32Array.of(9, 9, 1, 2, 3, 9).subarray(2, 5));
    assert.deepEqual(buffer.read(), Float32Array.of(1, 2, 3));
  }));

Deno.test("the returned arrays are copies", () =>
  withDevice((device) => {
    const buffer = device.buffer(2);
    buffer.read().fill(5);
    assert.deepEqual(buffer.read(), new Float32Array(2));
    const source = Float32Array.of(1, 2);
    buffer.write(source);
    source.fill(7);
    assert.deepEqual(buffer.read(), Float32Array.of(1, 2));
  }));

Deno.test("a mask zeroes pruned places in every array and in later writes", () =>
  withDevice((device) => {
    const parameter = device.parameter([2, 3]);
    const ones = new Float32Array(6).fill(1);
    const slots = ["value", "gradient", "moment1", "moment2"] as const;
    for (const slot of slots) parameter.write(slot, ones);
    assert.deepEqual(parameter.readMask(), new Uint8Array(6).fill(1));
    const mask = Uint8Array.of(1, 0, 0, 1, 1, 0);
    parameter.setMask(mask);
    assert.deepEqual(parameter.readMask(), mask);
    assert.equal(parameter.kept, 3);
    for (const slot of slots) {
      assert.deepEqual(parameter.read(slot), Float32Array.from(mask));
      parameter.write(slot, ones);
      assert.deepEqual(parameter.read(slot), Float32Array.from(mask));
    }
    parameter.setMask(new Uint8Array(6).fill(1));
    assert.equal(parameter.kept, 6);
  }));

Deno.test("selectMagnitude keeps the same weights as a stable sort by magnitude", () =>
  withDevice((device) => {
    const sets = [300, 1, 77].map((size, i) => randomParameter(device, size, i));
    const pruned = Uint8Array.from({ length: 77 }, (_, i) => i % 3 === 0 ? 0 : 1);
    sets[2]!.parameter.setMask(pruned);
    const all = sets.flatMap(({ values }, tensor) =>
      Array.from(values, (value, index) => ({ tensor, index, magnitude: Math.abs(value) }))
    ).filter(({ tensor, index }) => tensor !== 2 || pruned[index] === 1);
    const ranked = all.toSorted((a, b) => b.magnitude - a.magnitude); // stable: ties stay in order
    for (const keep of [0, 1, 100, 200, all.length - 1, all.length]) {
      const expected = sets.map(({ values }) => new Uint8Array(values.length));
      for (const { tensor, index } of ranked.slice(0, keep)) expected[tensor]![index] = 1;
      const masks = device.selectMagnitude(sets.map(({ parameter }) => parameter), keep);
      assert.deepEqual(masks, expected, `keep ${keep}`);
    }
    assert.deepEqual(sets[0]!.parameter.read("value"), sets[0]!.values);
    assert.throws(
      () => device.selectMagnitude(sets.map(({ parameter }) => parameter), all.length + 1),
      RangeError,
    );
  }));

Deno.test("selectMagnitude refuses NaN and says where it is", () =>
  withDevice((device) => {
    const { parameter, values } = randomParameter(device, 9, 0);
    values[4] = NaN;
    parameter.write("value", values);
    assert.throws(
      () => device.selectMagnitude([parameter], 3),
      (error) =>
        error instanceof RangeError && /NaN/.test(error.message) && /4/.test(error.message),
    );
  }));
