import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { buildDataset, type BuildOptions } from "./build.ts";
import { loadDataset } from "./dataset.ts";
import { READING_DEFAULTS } from "./recording.ts";
import {
  inTemporaryDirectory,
  type MadeRecord,
  madeRecords,
  mat4,
  noise,
  snapshot,
  writeSource,
} from "./testing.ts";

function optionsFor(directory: string, more: Partial<BuildOptions> = {}): BuildOptions {
  return {
    source: path.join(directory, "records"),
    labels: path.join(directory, "labels.csv"),
    out: path.join(directory, "out"),
    ...READING_DEFAULTS,
    rate: 300,
    split: { method: "stratified", dev: 0.1, test: 0.1, seed: 2018 },
    skipBad: false,
    ...more,
  };
}

const AWNI = { method: "awni", dev: 0.1, test: 0, seed: 2018 } as const;
const COUNTS = { sinus: 30, "atrial fib": 20 };

function manifest(out: string, name: string): { ecg: string; labels: string[] }[] {
  const lines = fs.readFileSync(path.join(out, name), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

Deno.test("manifests name every record once, by a path relative to them, one label per 256", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords(COUNTS);
    writeSource(directory, records);
    const { splits, classes } = buildDataset(optionsFor(directory));
    assert.deepEqual(classes, ["atrial fib", "sinus"]);
    const out = path.join(directory, "out");
    const seen = new Map<string, string[]>();
    for (const side of ["train", "dev", "test"] as const) {
      const lines = manifest(out, `${side}.json`);
      assert.equal(lines.length, splits[side].records);
      for (const { ecg, labels } of lines) {
        assert.match(ecg, /^\.\.\/records\/R\d{3}\.mat$/);
        assert.ok(fs.existsSync(path.join(out, ecg)));
        assert.ok(!seen.has(ecg), ecg);
        seen.set(ecg, labels);
      }
    }
    for (const { id, label, samples } of records) {
      const expected = new Array(Math.floor(samples.length / 256)).fill(label);
      assert.deepEqual(seen.get(`../records/${id}.mat`), expected);
    }
    assert.deepEqual(splits.train.classes, { "atrial fib": 16, sinus: 24 });
    assert.deepEqual(splits.dev.classes, { "atrial fib": 2, sinus: 3 });
  });
});

Deno.test("the cache holds every sample, and statistics come from the used training samples", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords(COUNTS);
    writeSource(directory, records);
    buildDataset(optionsFor(directory));
    const data = loadDataset(path.join(directory, "out"));
    const byId = new Map(records.map((record) => [record.id, record]));
    let [count, sum, squares] = [0, 0, 0];
    for (const [side, { ids, offsets, lengths, labels }] of Object.entries(data.splits)) {
      for (const [i, id] of ids.entries()) {
        const { label, samples } = byId.get(id)!;
        assert.equal(data.classes[labels[i]!], label);
        assert.equal(lengths[i], samples.length - (samples.length % 256));
        const stored = data.samples.subarray(offsets[i]!, offsets[i]! + samples.length);
        assert.deepEqual(stored, samples);
        if (side !== "train") continue;
        for (const value of samples.subarray(0, lengths[i])) {
          count++;
          sum += value;
          squares += value ** 2;
        }
      }
    }
    const mean = sum / count;
    assert.ok(Math.abs(data.mean - mean) < 1e-9);
    assert.ok(Math.abs(data.std - Math.sqrt(squares / count - mean ** 2)) < 1e-9);
    assert.equal(data.samples.length, records.reduce((n, { samples }) => n + samples.length, 0));
  });
});

Deno.test("the same recordings give the same bytes, in any folder and order of files", async () => {
  const records = madeRecords(COUNTS);
  const built: Map<string, string>[] = [];
  for (const order of [records, records.toReversed()]) {
    await inTemporaryDirectory((directory) => {
      writeSource(directory, order);
      const lines = records.map(({ id, label }) => `${id},${label}\r\n`);
      fs.writeFileSync(path.join(directory, "labels.csv"), ["id,label\r\n", ...lines].join(""));
      buildDataset(optionsFor(directory));
      built.push(snapshot(path.join(directory, "out")));
    });
  }
  assert.equal(built[0]!.size, 5);
  assert.deepEqual(built[0], built[1]);
});

Deno.test("the fingerprint changes with a sample, a label, an id and the split", async () => {
  const hashes = new Set<string>();
  const build = async (change: (records: MadeRecord[]) => void, more = {}) => {
    await inTemporaryDirectory((directory) => {
      const records = madeRecords(COUNTS);
      change(records);
      writeSource(directory, records);
      hashes.add(buildDataset(optionsFor(directory, more)).sha256);
    });
  };
  await build(() => {});
  await build(([first]) => first!.samples[0]!++);
  await build(([first]) => first!.label = "atrial fib");
  await build(([first]) => first!.id = "R000");
  await build(() => {}, { split: { ...AWNI, method: "stratified" } });
  assert.equal(hashes.size, 5);
});

Deno.test("awni has no test.json, and removes one that another split left", async () => {
  await inTemporaryDirectory((directory) => {
    writeSource(directory, madeRecords(COUNTS));
    const out = path.join(directory, "out");
    buildDataset(optionsFor(directory));
    assert.ok(fs.existsSync(path.join(out, "test.json")));
    buildDataset(optionsFor(directory, { split: AWNI }));
    assert.deepEqual(fs.readdirSync(out).sort(), [
      "dataset.json",
      "dataset.safetensors",
      "dev.json",
      "train.json",
    ]);
    const { splits } = loadDataset(out);
    assert.deepEqual([splits.train.ids.length, splits.dev.ids.length, splits.test.ids.length], [
      45,
      5,
      0,
    ]);
    const ids = manifest(out, "dev.json").map(({ ecg }) => path.basename(ecg, ".mat"));
    // python3 -c 'import random; random.seed(2018); x = list(range(50)); random.shuffle(x); print(x[:5])'
    assert.deepEqual(ids, AWNI_DEV.map((i) => `R${String(i + 1).padStart(3, "0")}`));
  });
});
const AWNI_DEV = [17, 11, 48, 3, 30];

Deno.test("equal recordings are found and stay on one side", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords(COUNTS);
    for (let i = 0; i < 10; i++) records[i]!.samples = records[i + 10]!.samples;
    writeSource(directory, records);
    const { duplicates } = buildDataset(optionsFor(directory));
    assert.equal(duplicates.length, 10);
    for (const group of duplicates) assert.equal(new Set(group.map(({ side }) => side)).size, 1);
    assert.deepEqual(duplicates[0]!.map(({ id }) => id), ["R001", "R011"]);
  });
});

Deno.test("CSV recordings in millivolts at another rate", async () => {
  await inTemporaryDirectory((directory) => {
    const source = path.join(directory, "records");
    fs.mkdirSync(source);
    const lines = ["file,rhythm"];
    for (let i = 0; i < 10; i++) {
      const values = Array.from(
        { length: 600 },
        (_, t) => Math.sin((2 * Math.PI * (i + 1) * t) / 500),
      );
      fs.writeFileSync(path.join(source, `p${i}.csv`), "mV\r\n" + values.join("\r\n"));
      lines.push(`p${i}.csv,${i % 2 ? "odd" : "even"}`);
    }
    fs.writeFileSync(path.join(source, "labels.csv"), lines.join("\n"));
    const labels = path.join(source, "labels.csv");
    const description = buildDataset(optionsFor(directory, { labels, rate: 500 }));
    assert.equal(description.labels.revision, "own");
    assert.equal(description.records, 10);
    const { splits, samples } = loadDataset(path.join(directory, "out"));
    assert.deepEqual([...new Set(splits.train.lengths)], [256]);
    assert.equal(samples.length, 3600);
    assert.ok(Math.max(...samples) > 950 && Math.max(...samples) < 1050);
  });
});

Deno.test("records of several rates and formats are resampled to the target rate, and dataset.json says how", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords({ sinus: 12, AF: 12 });
    records.forEach((record, i) => record.samples = noise(400 + 11 * i, i));
    writeSource(directory, records);
    const at = (name: string) => path.join(directory, "records", name);
    for (const { id, samples } of records.slice(0, 6)) {
      fs.renameSync(at(`${id}.mat`), at(`${id}.dat`));
      const header = `${id} 1 150 ${samples.length}\n${id}.dat 16+24 500(7)/mV 16 0 0 0 0 I\n`;
      fs.writeFileSync(at(`${id}.hea`), header);
    }
    const values = [...records[6]!.samples].map((x, i) => (i > 50 && i < 60 ? "" : x / 1000));
    fs.rmSync(at("R007.mat"));
    fs.writeFileSync(
      at("R007.csv"),
      `ms,ecg_mV\n${values.map((x, i) => `${i * 5},${x}`).join("\n")}`,
    );
    const { rate: _, ...options } = optionsFor(directory);
    const { sampleRate, reading, source } = buildDataset({ ...options, targetRate: 200 });
    assert.deepEqual([sampleRate, source.rate], [200, null]);
    const { formats, leads, rates, units, assumed, bridged } = reading!;
    assert.deepEqual(formats, { mat4: 17, text: 1, wfdb: 6 });
    assert.deepEqual(leads, { 1: 17, I: 6, ecg: 1 });
    assert.deepEqual(rates, { 150: 6, 200: 1, 300: 17 });
    assert.deepEqual(units, { mV: 7, raw: 17 });
    assert.deepEqual(assumed.map(({ recordings }) => recordings), [17, 17]);
    assert.deepEqual(bridged, [{ id: "R007", missing: 9, gaps: 1 }]);
    const data = loadDataset(path.join(directory, "out"));
    assert.equal(data.sampleRate, 200);
    const expected = records.reduce(
      (sum, { samples: { length } }, i) =>
        sum + Math.floor(length * (i < 6 ? 200 / 150 : i === 6 ? 1 : 200 / 300)),
      0,
    );
    assert.equal(data.samples.length, expected);
  });
});

Deno.test("a recording that cannot be an ECG is refused, unless it is forced", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords(COUNTS);
    records[3]!.samples = noise(300, 1).map((x) => 5000 + Math.round(x / 50));
    writeSource(directory, records);
    assert.throws(
      () => buildDataset(optionsFor(directory)),
      /R004: implausible \(it spans 0\.04 mV from peak to peak.*its middle is 5 mV.*--force takes it/,
    );
    const skipped = buildDataset(optionsFor(directory, { skipBad: true }));
    assert.deepEqual(skipped.refused.map(({ id, reason }) => `${id} ${reason}`), [
      "R004 implausible",
    ]);
    assert.equal(buildDataset(optionsFor(directory, { force: true })).records, 50);
  });
});

/** Damages one record in each way; returns the expected reasons. */
function ruin(directory: string, records: MadeRecord[]): [id: string, reason: string][] {
  const source = path.join(directory, "records");
  const file = (id: string) => path.join(source, `${id}.mat`);
  const header = (id: string, at: number, value: number) => {
    const bytes = mat4(noise(300, 9));
    new DataView(bytes.buffer).setInt32(at, value, true);
    fs.writeFileSync(file(id), bytes);
  };
  fs.rmSync(file("R001"));
  fs.writeFileSync(file("R002"), fs.readFileSync(file("R002")).subarray(0, 400));
  header("R003", 0, 999999);
  header("R004", 0, 0);
  fs.writeFileSync(file("R005"), mat4(noise(255, 5)));
  fs.writeFileSync(file("R006"), mat4(new Int16Array(300).fill(-3)));
  fs.writeFileSync(file("R007"), "");
  fs.rmSync(file("R008"));
  fs.writeFileSync(path.join(source, "R008.csv"), "1.5\nx\n");
  fs.writeFileSync(path.join(source, "R009.csv"), "1\n");
  fs.writeFileSync(path.join(source, "R010.hea"), "R010 1 500 300\r\nR010.mat 16+24 1000/mV\r\n");
  const labels = records.map(({ id, label }) => `${id},${id === "R012" ? "" : label}`);
  fs.writeFileSync(path.join(directory, "labels.csv"), [...labels, "R011,sinus"].join("\n"));
  fs.writeFileSync(path.join(source, "stray.mat"), mat4(noise(300, 3)));
  return [
    ["R001", "missing"],
    ["R002", "truncated"],
    ["R003", "not-v4"],
    ["R004", "truncated"],
    ["R005", "too-short"],
    ["R006", "constant"],
    ["R007", "empty"],
    ["R008", "not-a-number"],
    ["R009", "duplicate-id"],
    ["R010", "other-rate"],
    ["R011", "duplicate-id"],
    ["R012", "unknown-label"],
    ["stray", "no-label"],
  ];
}

Deno.test("one error lists every bad record, and nothing is written", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords(COUNTS);
    writeSource(directory, records);
    buildDataset(optionsFor(directory));
    const expected = ruin(directory, records);
    const before = snapshot(directory);
    assert.throws(() => buildDataset(optionsFor(directory)), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, /^Cannot use 13 of the recordings in .*records; --skip-bad/);
      const lines = error.message.split("\n").slice(1);
      assert.deepEqual(lines.map((line) => line.trim().split(":")[0]), expected.map(([id]) => id));
      return true;
    });
    assert.deepEqual(snapshot(directory), before);
  });
});

Deno.test("--skip-bad leaves them out and lists them", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords(COUNTS);
    writeSource(directory, records);
    const expected = ruin(directory, records);
    const { refused, records: count } = buildDataset(optionsFor(directory, { skipBad: true }));
    assert.deepEqual(refused.map(({ id, reason }) => [id, reason]), expected);
    assert.equal(count, 50 - 12);
    const { splits } = loadDataset(path.join(directory, "out"));
    const ids = Object.values(splits).flatMap((split) => split.ids);
    assert.deepEqual(ids.sort(), records.slice(12).map(({ id }) => id));
  });
});

Deno.test("with CinC ids, labels other than its four are mistakes", async () => {
  await inTemporaryDirectory((directory) => {
    const records = madeRecords({ N: 20, A: 20, Noise: 1 });
    for (const record of records) record.id = record.id.replace("R", "A00");
    writeSource(directory, records);
    assert.throws(() => buildDataset(optionsFor(directory)), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /A00041: unknown label \("Noise", expected one of A N O ~\)/);
      return true;
    });
    const { classes, labels } = buildDataset(optionsFor(directory, { skipBad: true }));
    assert.deepEqual(classes, ["A", "N"]);
    assert.equal(labels.revision, "unknown");
  });
});

Deno.test("an impossible data set is refused in one sentence", async () => {
  const cases: [change: (directory: string) => Partial<BuildOptions>, message: RegExp][] = [
    [
      () => ({ source: "/nonexistent/x" }),
      /\/nonexistent\/x \(no such folder\).*--source.*--download/,
    ],
    [(d) => ({ source: fs.mkdtempSync(path.join(d, "empty")) }), /holds no recordings/],
    [() => ({ labels: "/nonexistent.csv" }), /\/nonexistent\.csv \(no such file\).*--labels/],
    [() => ({ split: { ...AWNI, test: 0.1 } }), /awni split has no test set.*0\.1/],
    [() => ({ split: { ...AWNI, method: "stratified", dev: 0.6, test: 0.4 } }), /below 1/],
    [(d) => {
      fs.writeFileSync(path.join(d, "labels.csv"), "R001,x\nR002,x\n");
      return { skipBad: true };
    }, /The 2 usable recordings in .* only the class x/],
    [(d) => {
      fs.rmSync(path.join(d, "records", "R001.mat"));
      fs.rmSync(path.join(d, "records", "R002.mat"));
      fs.writeFileSync(path.join(d, "records", "R001.csv"), [...noise(300, 1)].join("\n"));
      fs.writeFileSync(
        path.join(d, "records", "R002.csv"),
        [...noise(300, 1), 0.5].map((x) => x / 1000).join("\n"),
      );
      return {};
    }, /unit of the text recordings: 1 hold whole numbers only and 1 do not.*--units/],
  ];
  for (const [change, message] of cases) {
    await inTemporaryDirectory((directory) => {
      writeSource(directory, madeRecords(COUNTS));
      const more = change(directory);
      const before = snapshot(directory);
      assert.throws(() => buildDataset(optionsFor(directory, more)), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual(snapshot(directory), before);
    });
  }
});

Deno.test("an output folder that cannot be written to is a failure that names it", async () => {
  await inTemporaryDirectory((directory) => {
    writeSource(directory, madeRecords(COUNTS));
    fs.writeFileSync(path.join(directory, "out"), "a file");
    assert.throws(() => buildDataset(optionsFor(directory)), (error: Error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.match(error.message, /Cannot write the data set to .*out/);
      return true;
    });
  });
});
