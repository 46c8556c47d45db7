import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import { buildDataset } from "./build.ts";
import { loadDataset } from "./dataset.ts";
import { READING_DEFAULTS } from "./recording.ts";
import { inTemporaryDirectory, madeRecords, writeSource } from "./testing.ts";

async function withDataset(body: (out: string) => void): Promise<void> {
  await inTemporaryDirectory((directory) => {
    writeSource(directory, madeRecords({ N: 20, A: 10 }));
    const out = path.join(directory, "out");
    build(directory, 2018);
    body(out);
  });
}

function build(directory: string, seed: number): void {
  buildDataset({
    source: path.join(directory, "records"),
    labels: path.join(directory, "labels.csv"),
    out: path.join(directory, "out"),
    ...READING_DEFAULTS,
    split: { method: "stratified", dev: 0.2, test: 0.1, seed },
    skipBad: false,
  });
}

Deno.test("a data set has the documented shapes", async () => {
  await withDataset((out) => {
    const data = loadDataset(out);
    assert.equal(data.directory, out);
    assert.deepEqual(data.classes, ["A", "N"]);
    assert.deepEqual([data.sampleRate, data.hop], [300, 256]);
    const { train, dev, test } = data.splits;
    assert.deepEqual([train, dev, test].map(({ ids }) => ids.length), [21, 6, 3]);
    for (const { ids, offsets, lengths, labels } of [train, dev, test]) {
      assert.ok(offsets instanceof Float64Array && lengths instanceof Int32Array);
      assert.ok(labels instanceof Int32Array);
      assert.deepEqual([offsets.length, lengths.length, labels.length], Array(3).fill(ids.length));
      for (const length of lengths) assert.ok(length >= 256 && length % 256 === 0);
    }
  });
});

/** Rewrites a part of the cache; by default one sample. */
function editCache(
  out: string,
  edit: (file: ReturnType<typeof decodeSafetensors>) => void,
): void {
  const name = path.join(out, "dataset.safetensors");
  const file = decodeSafetensors(fs.readFileSync(name), name);
  edit(file);
  fs.writeFileSync(name, encodeSafetensors(file));
}

function editDescription(out: string, edit: (value: Record<string, unknown>) => void): void {
  const name = path.join(out, "dataset.json");
  const value = JSON.parse(fs.readFileSync(name, "utf8"));
  edit(value);
  fs.writeFileSync(name, JSON.stringify(value));
}

Deno.test("missing, stale or damaged files are refused, and the message says what to run", async () => {
  const cases: [change: (out: string) => void, message: RegExp][] = [
    [
      (out) => fs.rmSync(path.join(out, "dataset.json")),
      /no data set in .*dataset\.json: no such file/,
    ],
    [(out) => fs.writeFileSync(path.join(out, "dataset.json"), "{"), /not JSON/],
    [(out) => fs.writeFileSync(path.join(out, "dataset.json"), "null"), /format is undefined/],
    [(out) => editDescription(out, (v) => v["format"] = "lth-ecg-dataset/0"), /dataset\/0/],
    [(out) => editDescription(out, (v) => delete v["mean"]), /mean/],
    [(out) => editDescription(out, (v) => v["std"] = 0), /std/],
    [(out) => editDescription(out, (v) => v["classes"] = ["N", "A"]), /damaged/],
    [(out) => fs.rmSync(path.join(out, "dataset.safetensors")), /safetensors \(no such file\)/],
    [(out) => fs.truncateSync(path.join(out, "dataset.safetensors"), 9000), /cut off/],
    [(out) => editCache(out, ({ tensors }) => tensors.delete("split")), /does not hold a data set/],
    [(out) => editCache(out, ({ tensors }) => tensors.get("samples")!.data[7] = 31000), /damaged/],
    [(out) => editCache(out, ({ tensors }) => tensors.get("labels")!.data[0] = 0), /damaged/],
    [
      (out) => editCache(out, ({ tensors }) => tensors.get("split")!.data.fill(3 as never)),
      /damaged/,
    ],
    [
      (out) => editCache(out, ({ tensors }) => tensors.get("offsets")!.data[1] = 1e6),
      /does not hold a data set/,
    ],
    [(out) => fs.appendFileSync(path.join(out, "dev.json"), "\n"), /dev\.json was changed/],
    [(out) => fs.rmSync(path.join(out, "train.json")), /train\.json is missing/],
    [(out) => {
      const name = path.join(out, "dataset.safetensors");
      const old = fs.readFileSync(name);
      build(path.dirname(out), 7);
      fs.writeFileSync(name, old);
    }, /is not the cache that dataset\.json describes/],
  ];
  for (const [change, message] of cases) {
    await withDataset((out) => {
      change(out);
      assert.throws(() => loadDataset(out), (error: Error) => {
        assert.ok(error instanceof UsageError, `${message}: ${error}`);
        assert.match(error.message, message);
        assert.match(error.message, /deno task build-datasets/);
        return true;
      });
    });
  }
});

Deno.test("a manifest of a side that the data set does not have is refused", async () => {
  await inTemporaryDirectory((directory) => {
    writeSource(directory, madeRecords({ N: 20, A: 10 }));
    const out = path.join(directory, "out");
    buildDataset({
      source: path.join(directory, "records"),
      labels: path.join(directory, "labels.csv"),
      out,
      ...READING_DEFAULTS,
      split: { method: "awni", dev: 0.2, test: 0, seed: 1 },
      skipBad: false,
    });
    assert.deepEqual(loadDataset(out).splits.test.ids, []);
    fs.writeFileSync(path.join(out, "test.json"), "");
    assert.throws(() => loadDataset(out), /test\.json is left from another build/);
  });
});
