import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { readMat4 } from "../data/formats/mat4.ts";
import { readSampleRecordings } from "../data/sample.ts";
import { openTicket } from "../ticket/ticket_file.ts";
import { findBeats, heartRate } from "./heart_rate.ts";
import { Predictor } from "./predictor.ts";

/** Sums of Gaussians: P, Q, R, S and T at seconds from R, with height in mV and width in seconds. */
const WAVES = [
  [-0.16, 0.12, 0.025],
  [-0.025, -0.12, 0.008],
  [0, 1, 0.011],
  [0.028, -0.25, 0.009],
  [0.26, 0.32, 0.05],
] as const;

/** An ECG with R peaks at `beats`, with wander of the baseline, mains hum and noise [seconds * rate]. */
function madeEcg(
  beats: readonly number[],
  { seconds, rate, sign = 1, noise = 0.02, scale = () => 1 }: {
    seconds: number;
    rate: number;
    sign?: number;
    noise?: number;
    /** Factor on the height of a beat. */
    scale?: (beat: number) => number;
  },
): Float64Array {
  const rng = createRng(1, "ecg");
  const samples = Float64Array.from({ length: seconds * rate }, (_, i) => {
    const t = i / rate;
    const wander = 0.4 * Math.sin(2 * Math.PI * 0.25 * t) + 0.03 * Math.sin(2 * Math.PI * 50 * t);
    return 1000 * (wander + noise * (2 * rng.next() - 1));
  });
  for (const beat of beats) {
    for (const [at, height, width] of WAVES) {
      const middle = (beat + at) * rate;
      for (let i = Math.ceil(middle - 5 * width * rate); i < middle + 5 * width * rate; i++) {
        if (i < 0 || i >= samples.length) continue;
        const distance = (i - middle) / (width * rate);
        samples[i]! += sign * 1000 * scale(beat) * height * Math.exp(-(distance ** 2) / 2);
      }
    }
  }
  return samples;
}

function regular(perMinute: number, seconds: number): number[] {
  const interval = 60 / perMinute;
  return Array.from(
    { length: Math.floor((seconds - 0.7) / interval) },
    (_, i) => 0.5 + i * interval,
  );
}

/** Each expected beat is found within 50 ms, and nothing else. */
function assertFound(found: readonly number[], expected: readonly number[], message: string): void {
  const missed = expected.filter((beat) => !found.some((time) => Math.abs(time - beat) <= 0.05));
  const extra = found.filter((time) => !expected.some((beat) => Math.abs(time - beat) <= 0.05));
  assert.deepEqual([missed, extra], [[], []], message);
}

Deno.test("beats of 35 to 190 per minute are found at any rate of samples and either polarity", () => {
  for (const rate of [128, 250, 300, 360, 500]) {
    for (const perMinute of [35, 60, 72, 110, 150, 190]) {
      for (const sign of [1, -1]) {
        const expected = regular(perMinute, 30);
        const samples = madeEcg(expected, { seconds: 30, rate, sign });
        const message = `${rate} Hz, ${perMinute} per minute, ${sign}`;
        assertFound(findBeats(samples, rate), expected, message);
        const said = heartRate(samples, rate);
        assert.ok(Math.abs(said.perMinute! - perMinute) <= 0.02 * perMinute, message);
        assert.equal(said.beats, expected.length);
      }
    }
  }
});

Deno.test("irregular beats are found, and the rate is the one of the median interval", () => {
  const rng = createRng(3, "af");
  const expected: number[] = [];
  for (let t = 0.5; t < 59; t += 0.4 + 0.7 * rng.next()) expected.push(t);
  const samples = madeEcg(expected, { seconds: 60, rate: 300 });
  assertFound(findBeats(samples, 300), expected, "irregular");
  const intervals = expected.slice(1).map((t, i) => t - expected[i]!).sort((a, b) => a - b);
  const median = intervals[intervals.length >> 1]!;
  assert.ok(Math.abs(heartRate(samples, 300).perMinute! - 60 / median) < 2);
});

Deno.test("small beats after a large one are found by searching back, T waves and steps are not beats", () => {
  const expected = regular(50, 40);
  const samples = madeEcg(expected, { seconds: 40, rate: 300 });
  const [middle, next] = [expected[20]!, expected[21]!];
  // A quarter of a beat's height is less than the threshold, 0.3125 of it, and more than half of that.
  const scale = (beat: number) => beat === middle ? 0.25 : 1;
  const small = madeEcg(expected, { seconds: 40, rate: 300, scale });
  assertFound(findBeats(small, 300), expected, "small");
  // A step of the baseline between two beats.
  const step = samples.map((x, i) => i / 300 > (middle + next) / 2 ? x + 800 : x);
  const near = findBeats(step, 300).filter((t) => t > middle + 0.1 && t < next - 0.1);
  assert.deepEqual(near, []);
});

Deno.test("too few beats give no rate", () => {
  for (const samples of [[], [5], new Array(3000).fill(7)]) {
    assert.deepEqual(heartRate(samples, 300), { perMinute: null, beats: 0 });
  }
  const two = madeEcg([1, 2], { seconds: 3, rate: 300, noise: 0 });
  assert.equal(heartRate(two, 300).perMinute, null);
  assert.equal(heartRate(two, 300).beats, 2);
});

/** A rate that knows nothing of beats: the shift under which the slopes of a regular rhythm repeat. */
function rateByRepetition(samples: ArrayLike<number>): number {
  const slopes = Float64Array.from({ length: samples.length - 24 }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < 24; k++) sum += Math.abs((samples[i + k + 1] ?? 0) - samples[i + k]!);
    return sum;
  });
  const most = slopes.toSorted()[Math.floor(0.98 * slopes.length)]!;
  const mean = slopes.reduce((sum, x) => sum + Math.min(x, most), 0) / slopes.length;
  const centred = slopes.map((x) => Math.min(x, most) - mean);
  let [best, at] = [-Infinity, 0];
  for (let shift = 120; shift < 450; shift++) {
    let sum = 0;
    for (let i = 0; i + shift < centred.length; i++) sum += centred[i]! * centred[i + shift]!;
    if (sum > best) [best, at] = [sum, shift];
  }
  return 60 * 300 / at;
}

Deno.test("recordings of the sample with normal rhythm have the rate at which they repeat", () => {
  using predictor = new Predictor(openTicket(undefined));
  const normal = readSampleRecordings(60)
    .map(({ bytes }) => Int16Array.from(readMat4(bytes).leads[0]!.numbers()))
    .filter((samples) => predictor.predict(samples).label === "N");
  assert.ok(normal.length >= 15, `${normal.length}`);
  const differences = normal.map((samples) =>
    Math.abs(heartRate(samples, 300).perMinute! / rateByRepetition(samples) - 1)
  ).sort((a, b) => a - b);
  // Of all 240 recordings of class N, 96 % are within 5 %.
  assert.ok(differences[Math.floor(0.5 * normal.length)]! < 0.01, `${differences}`);
  assert.ok(differences[Math.floor(0.9 * normal.length)]! < 0.05, `${differences}`);
});
