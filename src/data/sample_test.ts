import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { loadDataset } from "./dataset.ts";
import { ensureSampleDataset, SAMPLE_ZIP, withBuiltSample } from "./sample.ts";
import { inTemporaryDirectory, snapshot } from "./testing.ts";

Deno.test("the archive is small enough and has the contents that its README states", async () => {
  assert.ok(fs.statSync(SAMPLE_ZIP).size <= 8e6);
  await inTemporaryDirectory((directory) => {
    const { classes, splits, sampleRate } = loadDataset(
      ensureSampleDataset({ built: path.join(directory, "built") }),
    );
    assert.deepEqual(classes, ["A", "N", "O", "~"]);
    assert.equal(sampleRate, 300);
    const sides = Object.values(splits);
    assert.deepEqual(sides.map(({ ids }) => ids.length), [418, 91, 91]);
    const counts = [0, 0, 0, 0];
    for (const { labels } of sides) for (const label of labels) counts[label]!++;
    assert.deepEqual(counts, [150, 240, 150, 60]);
    const lengths = sides.flatMap((split) => [...split.lengths]);
    assert.ok(Math.min(...lengths) < 10 * 300 && Math.max(...lengths) > 60 * 300);
    assert.equal(new Set(sides.flatMap(({ ids }) => ids)).size, 600);
  });
});

Deno.test("the sample is built once, and again if the archive or the result has changed", async () => {
  await inTemporaryDirectory((directory) => {
    const built = path.join(directory, "built");
    const zip = path.join(directory, "sample.zip");
    fs.copyFileSync(SAMPLE_ZIP, zip);
    assert.equal(ensureSampleDataset({ zip, built }), built);
    const first = snapshot(built);
    const file = path.join(built, "dataset.json");
    const { ino } = fs.statSync(file);
    ensureSampleDataset({ zip, built });
    assert.equal(fs.statSync(file).ino, ino, "built a second time");

    fs.writeFileSync(path.join(built, "built-from.json"), "{}");
    fs.appendFileSync(file, "damage");
    ensureSampleDataset({ zip, built });
    assert.deepEqual(snapshot(built), first);
    assert.deepEqual(fs.readdirSync(directory).sort(), ["built", "sample.zip"]);
  });
});

Deno.test("messages about damage say what to do", async () => {
  await inTemporaryDirectory((directory) => {
    const built = path.join(directory, "built");
    ensureSampleDataset({ built });
    fs.appendFileSync(path.join(built, "train.json"), "\n");
    assert.throws(() => loadDataset(built), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /train\.json was changed.*Delete the directory .*built/);
      return true;
    });
    const zip = path.join(directory, "sample.zip");
    assert.throws(() => ensureSampleDataset({ zip, built }), (error: Error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /sample\.zip \(no such file\)/);
      return true;
    });
    fs.writeFileSync(zip, fs.readFileSync(SAMPLE_ZIP).subarray(0, 1e6));
    const other = path.join(directory, "other");
    assert.throws(() => ensureSampleDataset({ zip, built: other }), Failure);
    assert.deepEqual(fs.readdirSync(directory).sort(), ["built", "sample.zip"]);
  });
});

Deno.test("a sample that is not built, or from another archive, can be used without anything that stays", () =>
  inTemporaryDirectory((directory) => {
    const built = path.join(directory, "built");
    const said: unknown[] = [];
    const { error } = console;
    console.error = (text) => void said.push(text);
    try {
      for (const stale of [false, true]) {
        if (stale) {
          fs.mkdirSync(built);
          fs.writeFileSync(path.join(built, "dataset.json"), "{}");
        }
        const before = fs.readdirSync(directory, { recursive: true });
        let used = "";
        withBuiltSample((data) => {
          used = data;
          assert.equal(loadDataset(data).splits.test.ids.length, 91);
          assert.deepEqual(fs.readdirSync(directory, { recursive: true }), before);
        }, { built });
        assert.deepEqual(fs.readdirSync(directory, { recursive: true }), before);
        assert.ok(!fs.existsSync(used));
      }
      ensureSampleDataset({ built, quiet: true });
      assert.equal(withBuiltSample((data) => data, { built }), built);
    } finally {
      console.error = error;
    }
    assert.deepEqual(said, []);
  }));
