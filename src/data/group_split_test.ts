import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { UsageError } from "../core/errors.ts";
import { assignFolds } from "./folds.ts";
import { inseparable, type SplitRecord, splitRecords } from "./split.ts";

/** Patients with one to `most` records each, mostly of one class; some recordings are equal. */
function made(seed: number, { patients, most }: { patients: number; most: number }): SplitRecord[] {
  const rng = createRng(seed, "patients");
  const records: SplitRecord[] = [];
  for (let p = 0; p < patients; p++) {
    const own = "NNNNNOOOA~"[rng.integer(10)]!;
    for (let i = 1 + rng.integer(most); i > 0; i--) {
      const label = rng.integer(5) === 0 ? "NOA"[rng.integer(3)]! : own;
      const copy = rng.integer(40) === 0 ? records[rng.integer(records.length + 1)] : undefined;
      const digest = copy?.digest ?? `${p}.${i}`;
      records.push({ label, digest, group: `patient ${p}` });
    }
  }
  return records;
}

/** Fails if a group, or recordings with equal samples, are in two places. */
function assertApart(records: readonly SplitRecord[], places: ArrayLike<number>): void {
  for (const key of ["group", "digest"] as const) {
    const seen = new Map<string, number>();
    for (const [i, record] of records.entries()) {
      const before = seen.get(record[key]!) ?? places[i];
      assert.equal(places[i], before, `${key} ${record[key]}`);
      seen.set(record[key]!, places[i]!);
    }
  }
}

const countOf = (records: readonly SplitRecord[], wanted: (i: number) => boolean) =>
  records.filter((_, i) => wanted(i)).length;

Deno.test("for all seeds and data, no patient is on two sides, and classes keep their proportions", () => {
  for (let seed = 0; seed < 60; seed++) {
    const records = made(seed, { patients: 20 + 10 * (seed % 20), most: 1 + (seed % 6) });
    const options = { method: "stratified", dev: 0.1, test: 0.2, seed } as const;
    const { sides, order } = splitRecords(records, options);
    assertApart(records, sides);
    assert.deepEqual(order, records.map((_, i) => i));
    assert.deepEqual(splitRecords(records, options).sides, sides);
    if (records.length < 200) continue;
    for (const label of "NOA") {
      const total = countOf(records, (i) => records[i]!.label === label);
      for (const [side, share] of [[1, 0.1], [2, 0.2]] as const) {
        const has = countOf(records, (i) => records[i]!.label === label && sides[i] === side);
        assert.ok(Math.abs(has - share * total) <= 2, `seed ${seed}, ${label}: ${has} of ${total}`);
      }
    }
  }
});

Deno.test("for all seeds and data, no patient is in two folds, and folds have similar classes", () => {
  for (let seed = 0; seed < 40; seed++) {
    const records = made(seed, { patients: 120 + 10 * (seed % 12), most: 1 + (seed % 6) });
    const count = 2 + (seed % 4);
    const folds = assignFolds(records, { count, seed });
    assertApart(records, folds);
    assert.deepEqual(assignFolds(records, { count, seed }), folds);
    for (const label of "NOA") {
      const total = countOf(records, (i) => records[i]!.label === label);
      for (let fold = 1; fold <= count; fold++) {
        const has = countOf(records, (i) => records[i]!.label === label && folds[i] === fold);
        assert.ok(Math.abs(has - total / count) <= 2, `seed ${seed}, ${label}: ${has} of ${total}`);
      }
    }
  }
});

Deno.test("the seed decides a split by groups", () => {
  const records = made(1, { patients: 100, most: 3 });
  const of = (seed: number) =>
    splitRecords(records, { method: "stratified", dev: 0.1, test: 0.1, seed }).sides;
  assert.notDeepEqual(of(1), of(2));
});

Deno.test("groups that share a recording are one unit, also through a chain of groups", () => {
  const records = [["a", "1"], ["b", "2"], ["c", "3"], ["b", "1"], ["d", "4"], ["c", "4"]]
    .map(([group, digest]) => ({ label: "N", group: group!, digest: digest! }));
  assert.deepEqual(inseparable(records), [[0, 1, 3], [2, 4, 5]]);
});

Deno.test("a class in fewer groups than folds is refused, even with many records", () => {
  const records = Array.from({ length: 60 }, (_, i) => ({
    label: i % 2 ? "N" : "A",
    digest: `${i}`,
    group: i % 2 ? `n${i}` : `a${i % 4}`,
  }));
  assert.throws(() => assignFolds(records, { count: 3, seed: 1 }), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(
      error.message,
      /Cannot make 3 folds: class A is in 2 groups, expected one for each/,
    );
    return true;
  });
});

Deno.test("published folds decide the side", () => {
  const records = ["1", "9", "10", "8"].map((fold, i) => ({ label: "N", digest: `${i}`, fold }));
  const { sides } = splitRecords(records, { method: "published", dev: ["9"], test: ["10"] });
  assert.deepEqual([...sides], [0, 1, 2, 0]);
});
