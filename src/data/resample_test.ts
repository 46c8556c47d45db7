import assert from "node:assert/strict";
import { resample } from "./resample.ts";

function sinusoid(hertz: number, { rate, length }: { rate: number; length: number }): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(2 * Math.PI * hertz * (i / rate) + 0.3));
}

/** The largest |a - b| off the edges: 27 inputs, at 100 Hz 81 outputs, see half of the filter. */
function worst(a: Float64Array, b: Float64Array): number {
  assert.equal(a.length, b.length);
  let error = 0;
  for (let i = 90; i < a.length - 90; i++) error = Math.max(error, Math.abs(a[i]! - b[i]!));
  return error;
}

const RATES = [100, 128, 250, 257, 300, 360, 500, 512, 1000, 128.5, 333.333];

Deno.test("a sinusoid in the pass band keeps amplitude and phase from every rate", () => {
  for (const from of RATES) {
    for (const hertz of [1, 17, 0.4 * Math.min(from, 300)]) {
      const length = Math.round(6 * from);
      const got = resample(sinusoid(hertz, { rate: from, length }), { from, to: 300 });
      const want = sinusoid(hertz, { rate: 300, length: Math.floor((length * 300) / from + 1e-9) });
      const error = worst(got, want);
      assert.ok(error < 1e-3, `${hertz} Hz from ${from} Hz: error ${error}`);
    }
  }
});

Deno.test("frequencies above the range of 300 Hz are removed and do not alias", () => {
  for (const [from, hertz] of [[1000, 170], [1000, 290], [500, 200], [512, 240]] as const) {
    const got = resample(sinusoid(hertz, { rate: from, length: 6 * from }), { from, to: 300 });
    const left = worst(got, new Float64Array(got.length));
    assert.ok(left < 1e-3, `${hertz} Hz from ${from} Hz: ${left} left`);
  }
});

Deno.test("a constant stays the same up to both edges", () => {
  for (const from of RATES) {
    const got = resample(new Float64Array(700).fill(-5), { from, to: 300 });
    for (const value of got) assert.ok(Math.abs(value + 5) < 1e-9, `${value} from ${from} Hz`);
  }
});

Deno.test("the length is the duration at the new rate", () => {
  const length = (n: number, from: number) =>
    resample(new Float64Array(n), { from, to: 300 }).length;
  assert.equal(length(5000, 500), 3000);
  assert.equal(length(5001, 500), 3000);
  assert.equal(length(100, 100), 300);
  assert.equal(length(1, 1000), 0);
  assert.equal(length(0, 500), 0);
});

Deno.test("a signal at 300 Hz is not changed", () => {
  assert.deepEqual(
    resample(Int16Array.of(1, -2, 3), { from: 300, to: 300 }),
    Float64Array.of(1, -2, 3),
  );
});

Deno.test("rates that are not positive are refused", () => {
  assert.throws(() => resample([1], { from: 0, to: 300 }), RangeError);
  assert.throws(() => resample([1], { from: NaN, to: 300 }), RangeError);
});
