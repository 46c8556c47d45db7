/**
 * Recordings of one heart in the forms that users have. However its millivolts are written, the same samples
 * are read, or a sentence says what is missing. Each case is a kind of file that was once read wrongly.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { explainAll, explainAssumed, inOptions } from "../advice.ts";
import type { Reason } from "../problem.ts";
import { READING_DEFAULTS, readRecording, type RecordingOptions } from "../recording.ts";
import { inTemporaryDirectory, mat4 } from "../testing.ts";
import type { Understood } from "./reading.ts";
import { mat4Of, mat5, refusal } from "./testing.ts";

const LENGTH = 1500;
/** Beats of half a second to a second on a baseline that wanders: stored units at 300 Hz. */
const HEART = Int16Array.from({ length: LENGTH }, (_, i) => {
  const beat = Math.exp(-(((i % (190 + 40 * Math.floor(i / 400))) - 60) ** 2) / 18);
  return Math.round(1000 * beat + 150 * Math.sin(i / 90)) * 5;
});
const millivolts = Array.from(HEART, (value) => value / 1000);
const int16 = (values: ArrayLike<number>) => new Uint8Array(Int16Array.from(values).buffer);
const column = (values: readonly number[], title = "") => `${title}${values.join("\n")}\n`;

type Files = Record<string, Uint8Array | string>;

/** Reads `name` from a folder with these files. */
async function read(name: string, files: Files, options: Partial<RecordingOptions> = {}) {
  let recording: ReturnType<typeof readRecording> | undefined;
  await inTemporaryDirectory((directory) => {
    for (const [file, contents] of Object.entries(files)) {
      fs.writeFileSync(path.join(directory, file), contents);
    }
    recording = readRecording(path.join(directory, name), { ...READING_DEFAULTS, ...options });
  });
  return recording!;
}

async function sameHeart(name: string, files: Files, options: Partial<RecordingOptions> = {}) {
  const recording = await read(name, files, options);
  assert.deepEqual(recording.samples, HEART, `${name} ${JSON.stringify(options)}`);
  assert.deepEqual(recording.doubts, []);
  return recording.understood;
}

/** The assumptions as the command line tells them. */
const said = ({ assumed }: Pick<Understood, "assumed">) =>
  explainAssumed(assumed, inOptions).join();

async function refused(
  name: string,
  files: Files,
  [reason, detail]: [Reason, RegExp],
  options: Partial<RecordingOptions> = {},
) {
  await assert.rejects(() => read(name, files, options), refusal(reason, detail));
}

Deno.test("gain-in-header: a .mat with a .hea beside it has its gain, baseline and rate", async () => {
  const files = {
    "100m.mat": mat4(HEART.map((value) => value / 5 + 1024)),
    "100m.hea": `100m 1 300 ${LENGTH}\n100m.mat 16+24 200(1024)/mV 12 0 1005 0 0 MLII\n`,
  };
  for (const name of ["100m.mat", "100m.hea"]) {
    const { rateFrom, unitFrom, assumed } = await sameHeart(name, files);
    assert.deepEqual([rateFrom, unitFrom, assumed], ["file", "file", []]);
  }
});

Deno.test("missing-samples: one rule for .mat, .hea and text; the limit is an option", async () => {
  const hole = (seconds: number) =>
    HEART.map((value, i) => (i >= 600 && i < 600 + 300 * seconds ? -32768 : value));
  const files = (seconds: number): Files => ({
    "gap.mat": mat4(hole(seconds)),
    "gap.hea": `gap 1 300 ${LENGTH}\ngap.mat 16+24 1000/mV 16 0 -93 0 0 ECG\n`,
    "alone.mat": mat4(hole(seconds)),
    "gap.csv": Array.from(hole(seconds), (x) => (x === -32768 ? "NaN" : x / 1000)).join("\n"),
  });
  for (const name of ["gap.mat", "gap.hea", "alone.mat", "gap.csv"]) {
    const rate = name === "gap.csv" ? { rate: 300 } : {};
    const long = /1 s are missing at 2 s, more than the 0\.5 s that are bridged: --max-gap/;
    await refused(name, files(1), ["missing-samples", long], rate);
    const bridged = await read(name, files(1), { ...rate, maxGap: 2 });
    assert.deepEqual([bridged.missing, bridged.gaps], [300, 1], name);
    const short = await read(name, files(0.1), rate);
    assert.deepEqual([short.missing, short.gaps], [30, 1], name);
    for (let i = 0; i < LENGTH; i++) {
      if (i < 600 || i >= 630) assert.equal(short.samples[i], HEART[i], `${name} ${i}`);
      else {
        const line = HEART[599]! + (HEART[630]! - HEART[599]!) * (i - 599) / 31;
        assert.ok(Math.abs(short.samples[i]! - line) <= 0.5, `${name} ${i}`);
      }
    }
  }
});

Deno.test("units: volts and microvolts by their header or --units; impossible values are reported", async () => {
  const volts = column(millivolts.map((value) => Number((value / 1000).toFixed(6))), "voltage\n");
  const doubtful = await read("a.csv", { "a.csv": volts }, { rate: 300 });
  assert.match(
    explainAll(doubtful.doubts, inOptions).join(),
    /spans 0\.00\d+ mV.*numbers are V, say --units V/,
  );
  assert.match(said(doubtful.understood), /the numbers are mV \(--units/);
  await sameHeart("a.csv", { "a.csv": volts }, { rate: 300, units: "V" });
  const micro = millivolts.map((value) => value * 1000 + 0.25);
  await sameHeart("a.csv", { "a.csv": column(micro, "uV\n") }, { rate: 300 });
  await sameHeart("a.csv", { "a.csv": column(micro) }, { rate: 300, units: "uV" });
  const large =
    /\d+ mV is more than the 32\.767 mV that fit: if its numbers are uV, say --units uV/;
  await refused("a.csv", { "a.csv": column(micro) }, ["out-of-range", large], { rate: 300 });
  const counts = column(Array.from(HEART, (value) => value / 5 + 512));
  await sameHeart("a.csv", { "a.csv": counts }, { rate: 300, gain: 200, baseline: 512 });
});

Deno.test("polar: the column is found by its name, the rate by its times; all assumptions are printed", async () => {
  const rows = Array.from(HEART, (value, i) => {
    const seconds = i / 300;
    return `2025-03-01T10:00:${seconds.toFixed(3).padStart(6, "0")};` +
      `${599618164814402794n + BigInt(Math.round(seconds * 1e9))};${
        (seconds * 1000).toFixed(3)
      };${value}`;
  });
  const title = "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n";
  const understood = await sameHeart("Polar.csv", { "Polar.csv": title + rows.join("\n") });
  assert.deepEqual([understood.lead, understood.unit, understood.rateFrom], ["ecg", "uV", "file"]);
  const alone = { "ecg.csv": column([...HEART], "ecg [uV]\n"), "ecg.txt": column([...HEART]) };
  for (const name of ["ecg.csv", "ecg.txt"]) {
    await refused(name, alone, ["no-rate", /give --rate HZ/]);
    await sameHeart(name, alone, { rate: 300 });
  }
});

Deno.test("mat-variants: every numeric type, shape and version; several leads by --lead", async () => {
  const values = [...HEART];
  for (const type of [0, 1, 2, 3]) {
    for (const little of [true, false]) {
      const bytes = mat4Of([["val", 1, LENGTH, type, values]], { little });
      const { assumed } = await sameHeart("a.mat", { "a.mat": bytes });
      assert.match(
        said({ assumed }),
        /^300 Hz, the rate of PhysioNet\/CinC 2017.*1000 per mV/,
      );
    }
  }
  const unsigned = values.map((value) => value / 5 + 600);
  const scale = { gain: 200, baseline: 600 };
  await sameHeart("a.mat", { "a.mat": mat4Of([["val", 1, LENGTH, 4, unsigned]]) }, scale);
  const bytes = HEART.map((value) => Math.round(value / 50) + 30);
  const coarse = await read("a.mat", { "a.mat": mat4Of([["val", 1, LENGTH, 5, [...bytes]]]) }, {
    gain: 20,
    baseline: 30,
  });
  coarse.samples.forEach((value, i) => assert.ok(Math.abs(value - HEART[i]!) <= 25, `${i}`));
  await sameHeart("a.mat", { "a.mat": mat4Of([["val", LENGTH, 1, 3, values]]) });
  await sameHeart("a.mat", {
    "a.mat": mat4Of([["Fs", 1, 1, 0, [300]], ["val", 1, LENGTH, 3, values], ["g", 1, 1, 5, [9]]]),
  });
  const twelve = HEART.length * 12;
  const wide = Array.from(
    { length: twelve },
    (_, i) => i % 12 === 6 ? HEART[(i - 6) / 12]! : i % 9,
  );
  const leads = { "a.mat": mat4Of([["val", 12, LENGTH, 3, wide]]) };
  await refused("a.mat", leads, ["several-leads", /the leads 1, 2, .*12: choose one with --lead/]);
  await sameHeart("a.mat", leads, { lead: "7" });
  await sameHeart("a.mat", { "a.mat": mat5([["val", [1, LENGTH], values]]) });
  const hdf5 = new TextEncoder().encode("MATLAB 7.3 MAT-file, Platform: GLNXA64".padEnd(720));
  await refused("a.mat", { "a.mat": hdf5 }, ["unsupported", /save\(file, '-v7'\).*savemat/]);
});

Deno.test("format-212-odd: a last half block that is not padded", async () => {
  const packed: number[] = [];
  const odd = [...HEART.map((value) => value / 5)].slice(0, LENGTH - 1);
  odd.forEach((value, i) => {
    if (i % 2 === 0) packed.push(value & 255, value >> 8 & 15);
    else packed.push(value & 255), packed[packed.length - 2]! |= (value >> 8 & 15) << 4;
  });
  const { samples } = await read("odd.hea", {
    "odd.hea": `odd 1 300 ${LENGTH - 1}\nodd.dat 212 200(0)/mV 12 0 -19 0 0 MLII\n`,
    "odd.dat": Uint8Array.from(packed),
  });
  assert.equal(packed.length, Math.ceil((LENGTH - 1) * 1.5));
  assert.deepEqual(samples, HEART.subarray(0, LENGTH - 1));
});

Deno.test("headers: read as header(5) and signal(5) define", async () => {
  const from = (line: string, data: Uint8Array, record = `x 1 300 ${LENGTH}`): Files => ({
    "x.hea": `${record}\nx.dat ${line}\n`,
    "x.dat": data,
  });
  const plain = int16(HEART);
  const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const good: Files[] = [
    from(
      "16 1000(0)/mV 16 0 0 0 0 ECG # noisy",
      plain,
      `x 1 300/300(0) ${LENGTH} 10:00:00 01/02/2020`,
    ),
    from("16 1000/mV", plain, `x 1 300 ${LENGTH} 2014-05-08 05:05:15`),
    from("16 1000/mV\r\n# Age: 70", plain, `# c\r\nx 1 300 ${LENGTH}\r`),
    from("16 1.0e+03(0)/mV", plain),
    from("16 1e-3/nV", plain),
    from("16 1/uV", plain),
    from("16 1/\u03bcV", plain),
    { "x.hea": latin(`x 1 300 ${LENGTH}\nx.dat 16 1/\u00b5V\n`), "x.dat": plain },
    from("16 1000/MV", plain),
    from("16 1000/mV 16 1024", int16(HEART.map((value) => value + 1024))),
    from(
      "24 1000/mV",
      Uint8Array.from([...HEART].flatMap((x) => [x & 255, x >> 8 & 255, x >> 16 & 255])),
    ),
    from("32 1000/mV", new Uint8Array(Int32Array.from(HEART).buffer)),
    from("61 1000/mV", plain.map((_, i) => plain[i ^ 1]!)),
    from("160 1000/mV", int16(HEART.map((value) => value + 32768))),
    from("16 1000/mV", int16([...HEART, 1, 2, 3])),
  ];
  for (const files of good) await sameHeart("x.hea", files);
  const eight = HEART.map((value) => Math.round(value / 50));
  const coarse = await read("x.hea", from("80 20/mV", Uint8Array.from(eight, (x) => x + 128)));
  assert.deepEqual(coarse.samples, eight.map((value) => value * 50));
  const late = await read("x.hea", from("16:3 1000/mV", int16([7, 7, 7, ...HEART.slice(0, -3)])));
  assert.deepEqual(late.samples.subarray(0, LENGTH - 3), HEART.subarray(0, LENGTH - 3));
  assert.equal(late.missing, 3);
  const uncalibrated = await sameHeart("x.hea", from("16 0/mV", int16(HEART.map((x) => x / 5))));
  assert.match(
    said(uncalibrated),
    /200 per mV, WFDB's default/,
  );
  const norate = from("16 1000/mV", plain, "x 1");
  await sameHeart("x.hea", norate, { rate: 300 });
  const { understood, samples } = await read("x.hea", norate);
  assert.deepEqual([understood.rate, understood.rateFrom, samples.length], [
    250,
    "assumed",
    LENGTH * 1.2,
  ]);
  await refused("x.hea", from("16 1000/mV", plain, `x 1 300 ${LENGTH + 1}`), [
    "truncated",
    /1500 samples, but its header says 1501/,
  ]);
  const two = from(
    "16 1000/mV 16 0 0 0 0 II\nx.dat 16 1000/mV 16 0 0 0 0 I",
    int16([...HEART].flatMap((x) => [5, x])),
    `x 2 300 ${LENGTH}`,
  );
  assert.match(said(await sameHeart("x.hea", two)), /lead "I" of 2, lead I by default/);
  const half = LENGTH / 2;
  const segment = (name: string) => `${name} 1 300 ${half}\n${name}.dat 16 1000/mV\n`;
  const segments = {
    "x.hea": `x/2 1 300 ${LENGTH}\nx_1 ${half}\nx_2 ${half}\n`,
    ...{ "x_1.hea": segment("x_1"), "x_2.hea": segment("x_2") },
    ...{ "x_1.dat": int16(HEART.subarray(0, half)), "x_2.dat": int16(HEART.subarray(half)) },
  };
  await sameHeart("x.hea", segments);
  await refused("x.hea", { "x.hea": segments["x.hea"] }, [
    "unreadable",
    /x_1\.hea: there is no such/,
  ]);
});
