import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { buildDataset, type BuildOptions } from "./build.ts";
import { classMap } from "./classes.ts";
import { loadDataset } from "./dataset.ts";
import { readDescription } from "./description.ts";
import { foldOf } from "./folds.ts";
import { SIDES } from "./format.ts";
import { READING_DEFAULTS } from "./recording.ts";
import { inTemporaryDirectory, type MadeRecord, noise, writeSource } from "./testing.ts";

/** Three records for each of 60 patients, as in pat000_0 ... pat059_2. */
function patients(): MadeRecord[] {
  return Array.from({ length: 180 }, (_, i) => {
    const patient = Math.floor(i / 3);
    const label = ["Normal", "Normal", "AF", "Other"][patient % 4]!;
    const id = `pat${String(patient).padStart(3, "0")}_${i % 3}`;
    return { id, label, samples: noise(300, i) };
  });
}

function optionsFor(directory: string, more: Partial<BuildOptions> = {}): BuildOptions {
  return {
    source: path.join(directory, "records"),
    labels: path.join(directory, "labels.csv"),
    out: path.join(directory, "out"),
    ...READING_DEFAULTS,
    rate: 300,
    split: { method: "stratified", dev: 0.1, test: 0.2, seed: 2018 },
    skipBad: false,
    ...more,
  };
}

const patientOf = (id: string) => id.slice(0, 6);

function writeWithColumn(directory: string, records: readonly MadeRecord[]): void {
  writeSource(directory, records);
  const lines = records.map(({ id, label }) => `${id};${label};${patientOf(id)}`);
  fs.writeFileSync(
    path.join(directory, "labels.csv"),
    ["record;label;subject", ...lines].join("\n"),
  );
}

Deno.test("without --group some patients are on several sides; with a column or a pattern none is", async () => {
  await inTemporaryDirectory((directory) => {
    writeWithColumn(directory, patients());
    const out = path.join(directory, "out");
    const sidesOf = () => {
      const { splits } = loadDataset(out);
      const sides = new Map<string, Set<string>>();
      for (const side of SIDES) {
        for (const id of splits[side].ids) {
          sides.set(patientOf(id), (sides.get(patientOf(id)) ?? new Set()).add(side));
        }
      }
      return sides;
    };
    const plain = buildDataset(optionsFor(directory));
    assert.equal(plain.groups, undefined);
    assert.ok([...sidesOf().values()].some((sides) => sides.size > 1));

    const hashes = ["subject", "3", "^(pat\\d+)_"].map((group) => {
      buildDataset(optionsFor(directory, { group }));
      const description = readDescription(out);
      const { groups, splits } = description;
      assert.ok([...sidesOf().values()].every((sides) => sides.size === 1));
      assert.deepEqual(groups!.shared, []);
      assert.equal(groups!.count, 60);
      assert.deepEqual(groups!.perSide, { train: 41, dev: 7, test: 12 });
      assert.equal(groups!.list.length, 60);
      assert.deepEqual(groups!.list[0]!.records, ["pat000_0", "pat000_1", "pat000_2"]);
      assert.ok(groups!.list.every(({ sides }) => sides.length === 1));
      assert.deepEqual(splits.test.classes, { AF: 9, Normal: 18, Other: 9 });
      return description.sha256;
    });
    // The fingerprint covers the groups, but not the way in which they were found.
    assert.equal(new Set(hashes).size, 1);
    assert.notEqual(hashes[0], plain.sha256);
  });
});

Deno.test("the groups are read back from the packed cache, and changes there are noticed", async () => {
  await inTemporaryDirectory((directory) => {
    writeWithColumn(directory, patients());
    buildDataset(optionsFor(directory, { group: "subject" }));
    const out = path.join(directory, "out");
    const { splits } = loadDataset(out);
    for (const side of SIDES) {
      assert.deepEqual(splits[side].groups, splits[side].ids.map(patientOf), side);
    }
    const file = path.join(out, "dataset.safetensors");
    const bytes = fs.readFileSync(file, "latin1");
    assert.ok(bytes.includes('\\"pat001\\"'));
    fs.writeFileSync(file, bytes.replace('\\"pat001\\"', '\\"pat002\\"'), "latin1");
    assert.throws(() => loadDataset(out), /damaged: its contents do not match its SHA-256/);
  });
});

Deno.test("also in folds a patient is on one side, and every record is tested once", async () => {
  await inTemporaryDirectory((directory) => {
    writeWithColumn(directory, patients());
    buildDataset(optionsFor(directory, { group: "subject" }));
    const dataset = loadDataset(path.join(directory, "out"));
    const tested: string[] = [];
    for (const fold of [1, 2, 3, 4, 5]) {
      const { splits } = foldOf(dataset, { count: 5, fold, seed: 1 });
      const of = SIDES.map((side) => new Set(splits[side].groups));
      for (const side of SIDES) {
        assert.deepEqual(splits[side].groups, splits[side].ids.map(patientOf));
      }
      assert.equal(of[0]!.size + of[1]!.size + of[2]!.size, 60, `fold ${fold}`);
      assert.equal(of[2]!.size, 12);
      assert.ok(of[1]!.size >= 4 && of[1]!.size <= 8, `${of[1]!.size} in dev`);
      tested.push(...splits.test.ids);
    }
    assert.deepEqual(tested.sort(), patients().map(({ id }) => id));
  });
});

Deno.test("groups that cannot be found are refused, and the message says what would work", async () => {
  await inTemporaryDirectory((directory) => {
    const records = patients();
    writeWithColumn(directory, records);
    const cases: [more: Partial<BuildOptions>, message: RegExp][] = [
      [{ group: "patient" }, /Cannot group by "patient": .*the columns are record, label, subject/],
      [{ group: "^(pat" }, /Cannot group by "\^\(pat": Invalid regular expression/],
      [{ group: "^(PAT)" }, /pat000_0: no group \(\^\(PAT\) finds none in the id\)/],
      [{
        group: "subject",
        split: { method: "awni", dev: 0.1, test: 0, seed: 1 },
      }, /awni split ignores groups/],
    ];
    for (const [more, message] of cases) {
      assert.throws(() => buildDataset(optionsFor(directory, more)), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
    const file = path.join(directory, "labels.csv");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(";pat007\n", ";\n"));
    assert.throws(
      () => buildDataset(optionsFor(directory, { group: "subject" })),
      /pat007_0: no group \(its cell in column subject is empty\)/,
    );
    const { records: count } = buildDataset(
      optionsFor(directory, { group: "subject", skipBad: true }),
    );
    assert.equal(count, 179);
  });
});

/** Records with the labels of `labels`, in order. */
function labelled(directory: string, labels: readonly string[]): void {
  fs.rmSync(path.join(directory, "records"), { recursive: true, force: true });
  writeSource(
    directory,
    labels.map((label, i) => ({ id: `r${i}`, label, samples: noise(300, i) })),
  );
}

Deno.test("classes that differ in case or blanks are refused; --map makes them one", async () => {
  await inTemporaryDirectory((directory) => {
    const half = [
      "Noise",
      "Sinus rhythm",
      "Noise",
      "Sinus rhythm",
      "NOISE",
      "Noise",
      "Sinus rhythm",
    ];
    labelled(directory, [...half, ...half]);
    assert.throws(() => buildDataset(optionsFor(directory)), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(
        error.message,
        /classes "NOISE" \(2 records\) and "Noise" \(6\) differ only in case or blanks.*--map Noise=NOISE/,
      );
      return true;
    });
    const map = classMap(["NOISE=~", "Noise=~", "Sinus rhythm=N"]);
    const { classes, splits } = buildDataset(optionsFor(directory, { map }));
    assert.deepEqual(classes, ["N", "~"]);
    assert.equal(
      splits.train.classes["~"]! + splits.dev.classes["~"]! + splits.test.classes["~"]!,
      8,
    );
    labelled(directory, ["A F", "AF", "N", "N", "N"]);
    assert.throws(() => buildDataset(optionsFor(directory)), /"A F" \(1 record\) and "AF" \(1\)/);
  });
});

Deno.test("--map takes LABEL=CLASS, once for each label", () => {
  assert.deepEqual([...classMap(["a=b", " c d = e ", "x=y=z"])], [["a", "b"], ["c d", "e"], [
    "x=y",
    "z",
  ]]);
  for (const texts of [["a"], ["=b"], ["a="], ["a=b", "a=c"]]) {
    assert.throws(() => classMap(texts), /--map must be LABEL=CLASS/, texts.join());
  }
});

Deno.test("a warning names a class that is absent from a side because it has fewer records than sides", async () => {
  await inTemporaryDirectory((directory) => {
    labelled(directory, [..."NNNNNNNNNNNNNNNNNNNNAAAAAAAAAAOOX"]);
    const { warnings } = buildDataset(optionsFor(directory));
    assert.deepEqual(warnings, [
      'Class "O" has 2 records and is not in test: test does not say how well it is recognised',
      'Class "X" has 1 record and is not in dev or test: dev does not say how well it is recognised' +
      " and test does not say how well it is recognised",
    ]);
    labelled(directory, [..."NNNNNNNNNNNNNNNNNNNNAAAAAAAAAA"]);
    assert.equal(buildDataset(optionsFor(directory)).warnings, undefined);
  });
});

Deno.test("a warning names a side that gets no group", async () => {
  await inTemporaryDirectory((directory) => {
    labelled(directory, [..."NNNNNNNNNNAAAAAAAAAA"]);
    const lines = Array.from({ length: 20 }, (_, i) => `r${i},${i < 10 ? "N" : "A"},g${i % 2}`);
    fs.writeFileSync(path.join(directory, "labels.csv"), lines.join("\n"));
    const { warnings, groups } = buildDataset(optionsFor(directory, { group: "3" }));
    assert.deepEqual(groups!.perSide, { train: 1, dev: 0, test: 1 });
    assert.deepEqual(warnings, [
      "No record is in dev: there are too few groups for the sides asked for",
    ]);
  });
});
