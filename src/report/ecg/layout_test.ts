import assert from "node:assert/strict";
import { createRng } from "../../core/rng.ts";
import { envelope, gainFor, layOut, PX_PER_MM } from "./layout.ts";

const STEP = 256 / 300;
const ECG = { seconds: 35 * STEP, stepSeconds: STEP, low: -0.6, high: 1.2 };

Deno.test("rows hold whole steps at 25 mm/s and cover the recording once", () => {
  for (const width of [300, 348, 900, 1500]) {
    const { rows, mmPerSecond } = layOut(ECG, { width, whole: false });
    assert.equal(mmPerSecond, 25);
    assert.equal(rows[0]?.from, 0);
    rows.slice(1).forEach(({ from }, i) => assert.equal(from, rows[i]!.to));
    const steps = (rows[0]!.to - rows[0]!.from) / STEP;
    assert.ok(Math.abs(steps - Math.round(steps)) < 1e-9 && steps >= 1);
    assert.ok(rows.at(-1)!.to >= ECG.seconds - 1e-9 && rows.at(-1)!.from < ECG.seconds);
    assert.ok((rows[0]!.to * 25 + 9) * PX_PER_MM <= width + 1e-6, "a row fits its width");
  }
});

Deno.test("a window too narrow for a step compresses the time instead of cutting", () => {
  const { rows, mmPerSecond } = layOut({ ...ECG, stepSeconds: 5 }, { width: 200, whole: false });
  assert.ok(mmPerSecond < 25);
  assert.ok((rows[0]!.to * mmPerSecond + 9) * PX_PER_MM <= 200 + 1e-6);
});

Deno.test("a whole recording fits one row, and an empty recording does not divide by 0", () => {
  const { rows, mmPerSecond } = layOut(ECG, { width: 1000, whole: true });
  assert.equal(rows.length, 1);
  assert.ok(Math.abs((ECG.seconds * mmPerSecond + 9) * PX_PER_MM - 1000) < 1e-6);
  const none = layOut({ ...ECG, seconds: 0, low: 0, high: 0 }, { width: 1000, whole: false });
  assert.ok(Number.isFinite(none.mmPerSecond) && none.height > 0);
});

Deno.test("the gain is 10 mm/mV unless deflections are too large; both edges are 5 mm lines beyond the extremes", () => {
  assert.equal(gainFor(5.5), 10);
  assert.equal(gainFor(5.6), 5);
  assert.equal(gainFor(60), 0.625);
  for (const [low, high] of [[-0.6, 1.2], [-8, 12], [0, 0], [0.5, 0.5], [-40, -30]]) {
    const laid = layOut({ ...ECG, low: low!, high: high! }, { width: 1000, whole: false });
    assert.ok(laid.low < low! && laid.high > high!);
    const squares = laid.low * laid.mmPerMillivolt / 5;
    assert.ok(Math.abs(squares - Math.round(squares)) < 1e-6);
    const height = (laid.high - laid.low) * laid.mmPerMillivolt * PX_PER_MM;
    assert.ok(Math.abs(laid.height - height) < 1e-9);
  }
});

Deno.test("the envelope has the same extremes and ends of each column as a direct search", () => {
  const rng = createRng(1, "envelope");
  const samples = Float32Array.from({ length: 36_000 }, () => rng.next() < 0.01 ? NaN : rng.next());
  for (
    const { from, to, columns } of [
      { from: 0, to: 36_000, columns: 900 },
      { from: 17.4, to: 30_001.7, columns: 333 },
      { from: 0, to: 40_000, columns: 1000 },
    ]
  ) {
    const found = envelope(samples, { from, to, columns });
    const own: number[][] = Array.from({ length: columns }, () => []);
    for (let i = Math.ceil(from); i < Math.min(to, samples.length); i++) {
      const column = Math.min(columns - 1, Math.floor((i - from) / (to - from) * columns));
      if (!Number.isNaN(samples[i])) own[column]!.push(samples[i]!);
    }
    own.forEach((values, c) => {
      assert.equal(found.low[c], values.length === 0 ? NaN : Math.min(...values));
      assert.equal(found.high[c], values.length === 0 ? NaN : Math.max(...values));
      assert.equal(found.first[c], values[0] ?? NaN);
      assert.equal(found.last[c], values.at(-1) ?? NaN);
    });
  }
});
