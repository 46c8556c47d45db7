import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { inOptions } from "./advice.ts";
import { BadRecord, type Reason } from "./problem.ts";
import { READING_DEFAULTS, readRecording, type RecordingOptions } from "./recording.ts";
import { inTemporaryDirectory, mat4, noise } from "./testing.ts";

const PLAIN: RecordingOptions = { ...READING_DEFAULTS, rate: 300 };

async function read(
  { name, contents }: { name: string; contents: string | Uint8Array },
  changes: Partial<RecordingOptions> = {},
) {
  let recording: ReturnType<typeof readRecording> | undefined;
  await inTemporaryDirectory((directory) => {
    const file = path.join(directory, name);
    fs.writeFileSync(file, contents);
    recording = readRecording(file, { ...PLAIN, ...changes });
  });
  return recording!;
}

function column(values: ArrayLike<number>): string {
  return Array.from(values).join("\n") + "\n";
}

Deno.test("a .mat file is read without scaling", async () => {
  const samples = noise(256, 1);
  const read1 = await read({ name: "a.mat", contents: mat4(samples) });
  assert.deepEqual(read1.samples, samples);
  assert.deepEqual(read1.doubts, []);
});

Deno.test("whole numbers in a .csv file are raw units, others millivolts", async () => {
  const samples = noise(300, 1);
  const raw = await read({ name: "a.csv", contents: column(samples) });
  assert.deepEqual([raw.samples, raw.understood.unit], [samples, "raw"]);
  const millivolts = column(Array.from(samples, (value) => value / 1000));
  const mV = await read({ name: "a.CSV", contents: millivolts });
  assert.deepEqual([mV.samples, mV.understood.unit], [samples, "mV"]);
});

Deno.test("--units overrides the unit inferred from the numbers", async () => {
  const values = Array.from({ length: 256 }, (_, i) => (i % 2 ? 1.4 : 2));
  const contents = column(values);
  const raw = await read({ name: "a.csv", contents }, { rate: 300, units: "raw" });
  assert.deepEqual([...raw.samples.subarray(0, 2)], [2, 1]);
  const whole = column(values.map(Math.round));
  const mV = await read({ name: "a.csv", contents: whole }, { rate: 300, units: "mV" });
  assert.deepEqual([...mV.samples.subarray(0, 2)], [2000, 1000]);
});

Deno.test("another rate is resampled to 300 Hz, after scaling", async () => {
  const wave = (rate: number, seconds: number) =>
    Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * 5 * i) / rate));
  const contents = column(wave(500, 4));
  const { samples } = await read({ name: "a.csv", contents }, { rate: 500, units: "auto" });
  assert.equal(samples.length, 1200);
  for (const [i, expected] of wave(300, 4).entries()) {
    if (i < 90 || i >= 1110) continue;
    assert.ok(Math.abs(samples[i]! - 1000 * expected) <= 1, `sample ${i}: ${samples[i]}`);
  }
  const matFile = mat4(Int16Array.from(wave(600, 2), (value) => Math.round(1000 * value)));
  const half = await read({ name: "a.mat", contents: matFile }, { rate: 600, units: "auto" });
  assert.equal(half.samples.length, 600);
  assert.ok(Math.abs(half.samples[315]! - 1000 * Math.sin(2 * Math.PI * 5 * 1.05)) <= 1.5);
});

Deno.test("a step near the end of the range saturates instead of wrapping around", async () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i < 500 ? -32768 : 32767));
  const { samples } = await read({ name: "a.csv", contents: column(values) }, {
    rate: 500,
    units: "raw",
  });
  assert.ok(samples.subarray(0, 290).every((value) => value < -20000));
  assert.ok(samples.subarray(310).every((value) => value > 20000));
});

Deno.test("recordings that cannot be trained on are refused with the reason", async () => {
  const cases: [name: string, contents: string | Uint8Array, reason: Reason, detail: RegExp][] = [
    ["a.mat", mat4(noise(255, 1)), "too-short", /255 samples/],
    ["a.mat", mat4(new Int16Array(600).fill(7)), "constant", /all 512 samples are 7/],
    ["a.csv", "", "empty", /0 bytes/],
    ["a.csv", column(noise(255, 1)), "too-short", /255/],
    ["a.csv", column(noise(300, 1)).replace("\n", "\nx\n"), "not-a-number", /line 2/],
    ["a.csv", column([...noise(300, 1), 32768]), "out-of-range", /32\.768 mV/],
    ["a.csv", column([...noise(300, 1), 40.5]), "out-of-range", /40\.5 mV|\d+ mV/],
  ];
  for (const [name, contents, reason, detail] of cases) {
    await assert.rejects(() => read({ name, contents }), (error: Error) => {
      assert.ok(error instanceof BadRecord, String(error));
      assert.equal(error.reason, reason);
      assert.match(error.explain(inOptions), detail);
      return true;
    });
  }
  assert.throws(() => readRecording("/nonexistent.mat", PLAIN), /nonexistent\.mat: no such file/);
});

Deno.test("the length that counts is the one at 300 Hz", async () => {
  const contents = mat4(noise(500, 1));
  await assert.rejects(
    () => read({ name: "a.mat", contents }, { rate: 600, units: "auto" }),
    /250 samples at 300 Hz/,
  );
  const { samples } = await read({ name: "a.mat", contents }, { rate: 150, units: "auto" });
  assert.equal(samples.length, 1000);
});
