import assert from "node:assert/strict";
import type { Augmentation } from "../../../src/addon/native.ts";
import { augmentedRecord, type AugmentedSlotOptions, mixedRecord, mixingOf } from "./augment.ts";

const SAMPLES = Int16Array.of(0, 10, 40, 30);
const OPTIONS: AugmentedSlotOptions = {
  samples: SAMPLES,
  length: 100,
  mean: 0,
  std: 1,
  negate: false,
  seed: 3n,
  stream: 0,
  slot: 0,
};

const made = (augment: Partial<Augmentation>, options: Partial<AugmentedSlotOptions> = {}) => [
  ...augmentedRecord({ hop: 1, ...augment }, { ...OPTIONS, ...options }).values,
];

Deno.test("a stretch by two, worked by hand: Catmull-Rom between the samples, the ends repeated", () => {
  // Half-way: (9 (b + c) - (a + d)) / 16.
  const between = [
    (9 * 10 - 0 - 40) / 16,
    (9 * 50 - 0 - 30) / 16,
    (9 * 70 - 10 - 30) / 16,
    (9 * 60 - 40 - 30) / 16,
  ];
  assert.deepEqual(
    made({ stretch: [2, 2] }),
    [0, between[0], 10, between[1], 40, between[2], 30, between[3]],
  );
  assert.deepEqual(made({ stretch: [0.5, 0.5] }), [0, 40]);
});

Deno.test("straight lines stay straight whatever the stretch", () => {
  const samples = Int16Array.from({ length: 200 }, (_, i) => 3 * i);
  const line = made({ stretch: [1.25, 1.25] }, { samples, length: 1000 });
  assert.equal(line.length, 250);
  for (let l = 2; l < 240; l++) assert.ok(Math.abs(line[l]! - 3 * l / 1.25) < 1e-5);
});

Deno.test("a record that does not fit is cut to a random window of whole hops", () => {
  const samples = Int16Array.from({ length: 100 }, (_, i) => i);
  const starts = new Set<number>();
  for (let stream = 0; stream < 300; stream++) {
    const window = made({ hop: 8 }, { samples, length: 90, stream });
    assert.equal(window.length, 88);
    assert.deepEqual(window, Array.from({ length: 88 }, (_, l) => window[0]! + l));
    starts.add(window[0]!);
  }
  assert.deepEqual([...starts].sort((a, b) => a - b), Array.from({ length: 13 }, (_, i) => i));
});

Deno.test("lengths follow a uniform factor; amplitudes a log-uniform one", () => {
  const samples = new Int16Array(1000).fill(100);
  const lengths: number[] = [], logs: number[] = [];
  for (let stream = 0; stream < 2000; stream++) {
    const values = made({ stretch: [0.5, 1.5], log2Amplitude: [-2, 1] }, {
      samples,
      length: 1500,
      stream,
    });
    lengths.push(values.length);
    logs.push(Math.log2(values[0]! / 100));
  }
  const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  // Standard errors: 289 / sqrt(2000) = 6.5 samples and 0.87 / sqrt(2000) = 0.019.
  assert.ok(Math.abs(mean(lengths) - 1000) < 4 * 6.5);
  assert.ok(Math.min(...lengths) < 510 && Math.max(...lengths) > 1490);
  assert.ok(Math.abs(mean(logs) + 0.5) < 4 * 0.019);
  assert.ok(Math.min(...logs) < -1.95 && Math.max(...logs) > 0.95);
});

Deno.test("noise has the requested deviation, is white and nearly normal", () => {
  const samples = new Int16Array(20_000);
  const noise = made({ noise: [50, 50] }, { samples, length: 20_000, std: 100 });
  const moment = (power: number, lag = 0) =>
    noise.slice(lag).reduce((sum, x, i) => sum + (lag > 0 ? x * noise[i]! : x ** power), 0) /
    (noise.length - lag);
  assert.ok(Math.abs(moment(1)) < 4 * 0.5 / Math.sqrt(20_000));
  assert.ok(Math.abs(moment(2) - 0.25) < 0.01);
  assert.ok(Math.abs(moment(4) / moment(2) ** 2 - 2.85) < 0.12); // a normal one has 3
  for (const lag of [1, 2, 7]) assert.ok(Math.abs(moment(2, lag)) < 4 * 0.25 / Math.sqrt(20_000));
});

Deno.test("a wander is a sine of its frequency and amplitude", () => {
  const wave = made({ wander: { amplitude: [200, 200], frequency: [1 / 64, 1 / 64] } }, {
    samples: new Int16Array(128),
    length: 128,
    std: 100,
  });
  for (let l = 0; l < 64; l++) {
    assert.ok(Math.abs(wave[l]! - wave[l + 64]!) < 1e-6); // a period
    assert.ok(Math.abs(Math.hypot(wave[l]!, wave[l + 16]!) - 2) < 1e-6); // sine and cosine
  }
});

Deno.test("bursts and masks set the requested number of samples to zero", () => {
  const samples = new Int16Array(10_000).fill(5);
  const runs = (values: number[]) => {
    const lengths: number[] = [];
    values.forEach((value, l) => {
      if (value !== 0) assert.equal(value, 5);
      else if (values[l - 1] === 0) lengths[lengths.length - 1]! += 1;
      else lengths.push(1);
    });
    return lengths;
  };
  const bursts = runs(made({ bursts: { probability: 0.01, length: 10 } }, {
    samples,
    length: 10_000,
  }));
  assert.ok(Math.min(...bursts.slice(0, -1)) === 10); // longer ones where bursts meet
  const zeros = bursts.reduce((sum, length) => sum + length, 0);
  assert.ok(Math.abs(zeros / 10_000 - (1 - 0.99 ** 10)) < 0.02);
  for (let stream = 0; stream < 50; stream++) {
    const masks = runs(made({ masks: { count: 1, length: 300 } }, {
      samples: samples.subarray(0, 400),
      length: 400,
      stream,
    }));
    assert.equal(masks.length, 1);
    assert.ok(masks[0]! >= 1 && masks[0]! <= 200); // at most half the record
  }
});

Deno.test("different slots, streams and seeds draw different numbers, equal ones the same", () => {
  const augment = { stretch: [0.67, 1.33], noise: [1, 1] } as const;
  const samples = Int16Array.from({ length: 50 }, (_, i) => i);
  const draws = [{}, { slot: 1 }, { stream: 1 }, { seed: 4n }].map((own) =>
    made(augment, { samples, ...own }).join()
  );
  assert.equal(new Set(draws).size, 4);
  assert.equal(made(augment, { samples }).join(), draws[0]);
});

Deno.test("mixup: any other slot, shares of Beta(alpha, alpha), the shorter record's length", () => {
  for (const alpha of [0.2, 1, 2]) {
    const partners = new Set<number>();
    let sum = 0, squares = 0;
    const count = 4000;
    for (let stream = 0; stream < count; stream++) {
      const { partner, share } = mixingOf(alpha, 5, { seed: 3n, stream, slot: 2 });
      partners.add(partner);
      sum += share;
      squares += (share - 0.5) ** 2;
    }
    assert.deepEqual([...partners].sort(), [0, 1, 3, 4]);
    // Mean 1/2, variance 1 / (4 (2 alpha + 1)).
    const variance = 1 / (4 * (2 * alpha + 1));
    assert.ok(Math.abs(sum / count - 0.5) < 4 * Math.sqrt(variance / count));
    assert.ok(Math.abs(squares / count / variance - 1) < 0.06);
  }
  assert.deepEqual(mixingOf(1, 1, { seed: 3n, stream: 0, slot: 0 }), { partner: 0, share: 1 });
  const record = (...values: number[]) => ({
    values: Float64Array.from(values),
    terms: Float64Array.from(values),
  });
  const { values } = mixedRecord({ partner: 1, share: 0.25 }, {
    own: record(4, 8, 1),
    partner: record(8, 0),
  });
  assert.deepEqual([...values], [7, 2]);
});
