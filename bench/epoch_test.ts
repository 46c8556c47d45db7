import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { openDevice } from "../src/addon/select.ts";
import { Failure } from "../src/core/errors.ts";
import { loadDataset } from "../src/data/dataset.ts";
import { inTemporaryDirectory } from "../src/data/testing.ts";
import { writeToyDataset } from "../src/run/testing.ts";
import { epochText } from "./cli/tables.ts";
import { epochConfig, recordCounts, timeEpochs } from "./epoch_bench.ts";
import { parseEpochOutput, runEpochPeer, writeJob } from "./epoch_peer.ts";
import { pythonWithTorch } from "./python.ts";

const SIZE = { filters: 2, batchSize: 8, density: 0.25 };

Deno.test("a dense and a pruned epoch of a real run are timed, and their folder is deleted", () =>
  inTemporaryDirectory(async (directory) => {
    const data = writeToyDataset(directory);
    const device = openDevice({ backend: "cpu", threads: 1 });
    const temporary = path.join(directory, "tmp");
    fs.mkdirSync(temporary);
    const before = Deno.env.get("TMPDIR");
    Deno.env.set("TMPDIR", temporary);
    try {
      const config = epochConfig(device, { ...SIZE, data });
      const { dataset, timings } = await timeEpochs(device, config);
      assert.deepEqual(recordCounts(dataset), { train: 24, dev: 8, test: 8 });
      const [dense, pruned, ...more] = timings;
      assert.deepEqual(more, []);
      assert.equal(dense!.density, 1);
      assert.ok(Math.abs(pruned!.density - SIZE.density) < 1e-3, String(pruned!.density));
      for (const { training, results, report } of [dense!, pruned!]) {
        assert.ok(training > 0 && results > 0 && report > 0);
      }
      assert.deepEqual(fs.readdirSync(temporary), []);
    } finally {
      if (before === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", before);
      await device.close();
    }
  }));

Deno.test("the peer's job has every record of each side once, and all samples", () =>
  inTemporaryDirectory((directory) => {
    const data = writeToyDataset(directory);
    const device = openDevice({ backend: "cpu", threads: 1 });
    const config = epochConfig(device, { ...SIZE, data });
    const dataset = loadDataset(data);
    writeJob(directory, dataset, config);
    const job = JSON.parse(fs.readFileSync(path.join(directory, "job.json"), "utf8"));
    for (const side of ["train", "dev", "test"] as const) {
      const { lengths, labels, offsets, batches } = job.sides[side];
      const count = dataset.splits[side].lengths.length;
      assert.deepEqual([lengths.length, labels.length, offsets.length], [count, count, count]);
      const seen = batches.flat().toSorted((a: number, b: number) => a - b);
      assert.deepEqual(seen, Array.from({ length: count }, (_, i) => i));
      assert.ok(batches.every((batch: number[]) => batch.length <= SIZE.batchSize));
    }
    const bytes = fs.readFileSync(path.join(directory, "samples.i16"));
    assert.equal(bytes.length, 2 * dataset.samples.length);
    assert.equal(bytes.readInt16LE(2 * 1000), dataset.samples[1000]);
    return device.close();
  }));

Deno.test({
  name: "PyTorch trains an epoch of the same records, where it is installed",
  ignore: !await pythonWithTorch().then(() => true, () => false),
  fn: () =>
    inTemporaryDirectory(async (directory) => {
      const data = writeToyDataset(directory);
      const device = openDevice({ backend: "cpu", threads: 1 });
      const config = epochConfig(device, { ...SIZE, data });
      const peer = await runEpochPeer(loadDataset(data), { config, threads: 1 });
      assert.match(peer.description, /^torch \S+ fp32 threads 1$/);
      assert.ok(peer.training > 0 && peer.results > 0);
      await device.close();
    }),
});

Deno.test("the table has the sums of the parts and the ratio to PyTorch's", () => {
  const text = epochText({
    ...{ data: "sample", filters: 8, batchSize: 32, records: { train: 418, dev: 91, test: 91 } },
    timings: [{ density: 0.25, training: 4, results: 0.75, report: 0.25 }],
    peer: { description: "torch 1.13.1", training: 18, results: 2 },
  });
  const [ours, peer] = text.split("\n").slice(-2).map((line) => line.trim().split(/\s{2,}/));
  assert.deepEqual(ours, ["25.0 %", "4.00", "0.75", "0.25", "5.00", "4.00"]);
  assert.deepEqual(peer, ["PyTorch", "18.0", "2.00", "-", "20.0", "1"]);
});

Deno.test("the peer's times are read; output without them is a failure", () => {
  const text = "torch 1.13.1 fp32 threads 1\ntraining 12.345 s  results 1.500 s\n";
  const description = "torch 1.13.1 fp32 threads 1";
  assert.deepEqual(parseEpochOutput(text), { description, training: 12.345, results: 1.5 });
  assert.throws(() => parseEpochOutput("torch\n"), Failure);
});
