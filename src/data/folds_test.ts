import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import type { LoadedDataset, Split } from "./dataset.ts";
import { assignFolds, foldOf } from "./folds.ts";
import { HOP, type Side, SIDES, usedLength } from "./format.ts";
import { equalRecordings } from "./split.ts";
import { statistics } from "./statistics.ts";
import { noise } from "./testing.ts";

/** Side and class of each record, which the recordings repeat where `copies` says so. */
interface Made {
  side: Side;
  label: string;
}

const CLASSES = ["A", "N", "O"];

/** A data set in memory; record i has the samples of record `copies[i]` if that is given. */
function made(records: readonly Made[], copies: Record<number, number> = {}): LoadedDataset {
  const parts = records.map((_, i) => noise(300 + 41 * ((copies[i] ?? i) % 13), copies[i] ?? i));
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, p) => sum + p.length, 0));
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.forEach((part, i) => samples.set(part, starts[i]!));
  const splitOf = (side: Side): Split => {
    const members = records.flatMap((record, i) => (record.side === side ? [i] : []));
    return {
      ids: members.map((i) => `R${i}`),
      offsets: Float64Array.from(members, (i) => starts[i]!),
      lengths: Int32Array.from(members, (i) => usedLength(parts[i]!.length)),
      labels: Int32Array.from(members, (i) => CLASSES.indexOf(records[i]!.label)),
    };
  };
  return {
    ...{ directory: "made", classes: CLASSES, sampleRate: 300, hop: HOP, sha256: "made" },
    ...{ mean: 1, std: 2, samples },
    splits: { train: splitOf("train"), dev: splitOf("dev"), test: splitOf("test") },
  };
}

/** 60 A, 100 N and 43 O, dealt out to 70 % train, 10 % dev and 20 % test. */
function mixed(): Made[] {
  const sides = [..."TTTTTTTDEE"].map((c) => ({ T: "train", D: "dev", E: "test" } as const)[c]!);
  const labels = [..."A".repeat(60), ..."N".repeat(100), ..."O".repeat(43)];
  return labels.map((label, i) => ({ label, side: sides[i % 10]! }));
}

function counts({ splits }: LoadedDataset, side: Side): number[] {
  return CLASSES.map((_, c) => splits[side].labels.filter((label) => label === c).length);
}

const FIVE = { count: 5, seed: 2018 };
const FOLDS = [1, 2, 3, 4, 5];

Deno.test("each record is tested in exactly one fold and on one side in each", () => {
  const dataset = made(mixed());
  const all = Array.from({ length: 203 }, (_, i) => `R${i}`).sort();
  const tested = FOLDS.flatMap((fold) => {
    const { splits } = foldOf(dataset, { ...FIVE, fold });
    assert.deepEqual(SIDES.flatMap((side) => splits[side].ids).sort(), all);
    return splits.test.ids;
  });
  assert.deepEqual(tested.sort(), all);
});

Deno.test("a record keeps its samples, length and class on every side", () => {
  const dataset = made(mixed());
  const facts = ({ splits }: LoadedDataset) =>
    SIDES.flatMap((side) => {
      const { ids, offsets, lengths, labels } = splits[side];
      return ids.map((id, i) => [id, offsets[i], lengths[i], labels[i]].join(" "));
    }).sort();
  assert.deepEqual(facts(foldOf(dataset, { ...FIVE, fold: 3 })), facts(dataset));
});

Deno.test("classes are balanced over folds, and dev has its share of the other records", () => {
  const dataset = made(mixed());
  for (const fold of FOLDS) {
    const folded = foldOf(dataset, { ...FIVE, fold });
    const [a, n, o] = counts(folded, "test");
    assert.deepEqual([a, n], [12, 20]);
    assert.ok(o === 8 || o === 9, `${o} O`);
    const share = dataset.splits.dev.ids.length /
      (dataset.splits.dev.ids.length + dataset.splits.train.ids.length);
    const expected = [48, 80, 43 - o].map((rest) => Math.round(share * rest));
    assert.deepEqual(counts(folded, "dev"), expected);
  }
  const sizes = FOLDS.map((fold) => foldOf(dataset, { ...FIVE, fold }).splits.test.ids.length);
  assert.deepEqual(sizes.sort(), [40, 40, 41, 41, 41]);
});

Deno.test("recordings with equal samples are on one side in every fold, also with different labels", () => {
  const copies = { 3: 1, 17: 1, 20: 9, 150: 61, 202: 0, 130: 131 };
  const dataset = made(mixed(), copies);
  for (const fold of FOLDS) {
    const { splits, samples } = foldOf(dataset, { ...FIVE, fold });
    const sideOf = new Map(SIDES.flatMap((side) => splits[side].ids.map((id) => [id, side])));
    for (const [copy, original] of Object.entries(copies)) {
      assert.equal(sideOf.get(`R${copy}`), sideOf.get(`R${original}`), `${copy} in fold ${fold}`);
    }
    assert.equal(samples, dataset.samples);
  }
  const records = mixed().map(({ label }, i) => ({ label, digest: String(copies[i as 3] ?? i) }));
  assert.equal(equalRecordings(records).length, 203 - 6);
  const folds = assignFolds(records, FIVE);
  const perFold = FOLDS.map((fold) => folds.filter((each) => each === fold).length);
  assert.ok(Math.max(...perFold) - Math.min(...perFold) <= 1, String(perFold));
});

Deno.test("statistics come from the new training side, and the hash covers the division", () => {
  const dataset = made(mixed());
  const hashes = new Set<string>();
  for (const fold of FOLDS) {
    const { mean, std, sha256, splits } = foldOf(dataset, { ...FIVE, fold });
    const { offsets, lengths } = splits.train;
    const extents = [...offsets].map((offset, i) => ({ offset, length: lengths[i]! }));
    assert.deepEqual({ mean, std }, statistics(dataset.samples, extents));
    hashes.add(sha256);
  }
  assert.equal(hashes.size, 5);
  assert.notDeepEqual(
    foldOf(dataset, { ...FIVE, fold: 1 }).mean,
    foldOf(dataset, { ...FIVE, fold: 2 }).mean,
  );
});

Deno.test("the fold decides, not the previous split or the order of its sides", () => {
  const records = mixed();
  const fold = { ...FIVE, fold: 2 };
  const first = foldOf(made(records), fold);
  assert.deepEqual(first, foldOf(made(records), fold));
  // The same dev share, other records on each side.
  const turned = records.map(({ label }, i) => ({ label, side: records[(i + 3) % 200]!.side }));
  const devOf = (dataset: LoadedDataset) => dataset.splits.dev.ids;
  assert.notDeepEqual(devOf(made(turned)), devOf(made(records)));
  assert.equal(devOf(made(turned)).length, devOf(made(records)).length);
  assert.deepEqual(foldOf(made(turned), fold).splits, first.splits);
  assert.notDeepEqual(
    foldOf(made(records), { ...fold, seed: 1 }).splits.test.ids,
    first.splits.test.ids,
  );
});

Deno.test("impossible folds are refused, and the message says what would work", () => {
  const dataset = made(mixed());
  const cases: [() => unknown, RegExp][] = [
    [() => foldOf(dataset, { ...FIVE, fold: 0 }), /fold 0 of 5: expected 1 to 5/],
    [() => foldOf(dataset, { ...FIVE, fold: 6 }), /fold 6 of 5: expected 1 to 5/],
    [
      () => foldOf(dataset, { count: 44, fold: 1, seed: 1 }),
      /Cannot make 44 folds: class O has 43 different recordings/,
    ],
  ];
  for (const [make, message] of cases) {
    assert.throws(make, (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});
