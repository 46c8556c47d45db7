import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type SplitOptions, type SplitRecord, splitRecords } from "./split.ts";

const OPTIONS: SplitOptions = { method: "stratified", dev: 0.1, test: 0.2, seed: 2018 };

function made(counts: Record<string, number>): SplitRecord[] {
  const records: SplitRecord[] = [];
  for (const [label, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) records.push({ label, digest: `${label}${i}` });
  }
  return records;
}

function counts(records: SplitRecord[], options: SplitOptions): Record<string, number[]> {
  const { sides } = splitRecords(records, options);
  const counts: Record<string, number[]> = {};
  for (const [i, { label }] of records.entries()) (counts[label] ??= [0, 0, 0])[sides[i]!]!++;
  return counts;
}

Deno.test("stratified: each class in proportion, rounded, the rest in train", () => {
  assert.deepEqual(counts(made({ N: 200, A: 33, "~": 8 }), OPTIONS), {
    N: [140, 20, 40],
    A: [23, 3, 7],
    "~": [5, 1, 2],
  });
  assert.deepEqual(counts(made({ N: 10 }), { ...OPTIONS, dev: 0, test: 0 }), { N: [10, 0, 0] });
  assert.deepEqual(counts(made({ N: 10 }), { ...OPTIONS, dev: 0.5, test: 0.49 }), { N: [1, 5, 4] });
});

Deno.test("stratified: rare classes keep one for training, then dev, then test", () => {
  assert.deepEqual(counts(made({ A: 1, B: 2, C: 3, D: 4 }), OPTIONS), {
    A: [1, 0, 0],
    B: [1, 1, 0],
    C: [1, 1, 1],
    D: [2, 1, 1],
  });
});

Deno.test("stratified: equal recordings stay together, also with different labels", () => {
  const records = made({ N: 60, O: 40 });
  for (let i = 0; i < 30; i++) records[2 * i + 1]!.digest = records[2 * i]!.digest;
  for (let i = 60; i < 70; i++) records[i]!.digest = records[i - 60]!.digest;
  for (let seed = 0; seed < 20; seed++) {
    const { sides } = splitRecords(records, { ...OPTIONS, seed });
    const sideOf = new Map<string, number>();
    for (const [i, { digest }] of records.entries()) {
      assert.equal(sides[i], sideOf.get(digest) ?? sides[i], digest);
      sideOf.set(digest, sides[i]!);
    }
    assert.deepEqual(new Set(sides), new Set([0, 1, 2]));
  }
});

Deno.test("stratified: the seed decides, and a class has no effect on the split of another", () => {
  const records = made({ N: 100 });
  const sides = (seed: number, more: SplitRecord[] = []) =>
    splitRecords([...records, ...more], { ...OPTIONS, seed }).sides.slice(0, 100);
  assert.deepEqual(sides(1), sides(1));
  assert.notDeepEqual(sides(1), sides(2));
  assert.deepEqual(sides(1), sides(1, made({ A: 7 })));
});

Deno.test("awni: the first int(0.1 n) of Python's shuffle are dev, and manifests are shuffled", () => {
  // python3 -c 'import random; random.seed(2018); x = list(range(20)); random.shuffle(x); print(x)'
  const order = [2, 18, 14, 5, 15, 7, 13, 11, 19, 10, 3, 16, 8, 6, 1, 9, 12, 0, 4, 17];
  const options: SplitOptions = { method: "awni", dev: 0.1, test: 0, seed: 2018 };
  const got = splitRecords(made({ N: 20 }), options);
  assert.deepEqual(got.order, order);
  assert.deepEqual([...got.sides].flatMap((side, i) => (side === 1 ? [i] : [])), [2, 18]);
  assert.equal(counts(made({ N: 8528 }), options)["N"]![1], 852);
  assert.equal(counts(made({ N: 9 }), options)["N"]![1], 0);
});

const python = spawnSync("python3", ["--version"]).status === 0;

Deno.test({
  name: `awni: python3 makes the same split${python ? "" : " (skipped: no python3 here)"}`,
  ignore: !python,
  fn() {
    // The splitting code as awni/ecg states it, on the numbers of records.
    const script = "import json, random\n" +
      "def split(n, frac):\n" +
      "    dataset = list(range(n)); cut = int(frac * len(dataset))\n" +
      "    random.shuffle(dataset)\n" +
      "    return dataset[cut:], dataset[:cut]\n" +
      "random.seed(2018)\n" +
      "train, dev = split(8528, 0.1)\n" +
      "print(json.dumps([train, dev]))";
    const run = spawnSync("python3", ["-c", script], { encoding: "utf8", maxBuffer: 1e7 });
    assert.equal(run.status, 0, run.stderr);
    const { sides, order } = splitRecords(made({ N: 8528 }), {
      method: "awni",
      dev: 0.1,
      test: 0,
      seed: 2018,
    });
    const side = (code: number) => order.filter((i) => sides[i] === code);
    assert.deepEqual([side(0), side(1)], JSON.parse(run.stdout));
  },
});
