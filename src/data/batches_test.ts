import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { type Batch, planBatches } from "./batches.ts";

/** Lengths as in CinC 2017: most equal, the others spread. */
function lengthsOf(count: number): Int32Array {
  const rng = createRng(count, "lengths");
  return Int32Array.from(
    { length: count },
    () => 256 * (rng.next() < 0.6 ? 35 : 10 + rng.integer(60)),
  );
}

function members(batches: Batch[]): number[] {
  return batches.flatMap(({ records }) => [...records].filter((i) => i >= 0));
}

Deno.test("every record is in exactly one batch, for any numbers of records and slots", () => {
  for (const count of [0, 1, 2, 31, 32, 33, 100, 257]) {
    const lengths = lengthsOf(count);
    for (const batchSize of [1, 2, 16, 32, 300]) {
      for (const shuffle of [null, { seed: 1, epoch: 0 }, { seed: 1, epoch: 7 }]) {
        const batches = planBatches(lengths, { batchSize, shuffle });
        assert.equal(batches.length, Math.ceil(count / batchSize));
        assert.deepEqual(members(batches).sort((a, b) => a - b), [...lengths.keys()]);
        for (const { records } of batches) {
          assert.equal(records.length, batchSize);
          const used = records.findIndex((i) => i < 0);
          if (used >= 0) assert.ok(used > 0 && records.subarray(used).every((i) => i === -1));
        }
        assert.ok(batches.filter(({ records }) => records.includes(-1)).length <= 1);
      }
    }
  }
});

Deno.test("a batch's length is its longest record's, up to the next multiple of the quantum", () => {
  const lengths = lengthsOf(200);
  for (const lengthQuantum of [undefined, 1024, 7]) {
    const options = lengthQuantum === undefined ? {} : { lengthQuantum };
    for (const shuffle of [null, { seed: 3, epoch: 1 }]) {
      for (
        const { records, length } of planBatches(lengths, { batchSize: 16, shuffle, ...options })
      ) {
        const longest = Math.max(...[...records].filter((i) => i >= 0).map((i) => lengths[i]!));
        assert.ok(length >= longest && length < longest + (lengthQuantum ?? 256));
        assert.equal(length % (lengthQuantum ?? 256), 0);
      }
    }
  }
});

Deno.test("for evaluation records are sorted by length; records of one length keep their order", () => {
  const lengths = Int32Array.of(512, 256, 512, 768, 256);
  const batches = planBatches(lengths, { batchSize: 2, shuffle: null });
  assert.deepEqual(batches, [
    { records: Int32Array.of(1, 4), length: 256 },
    { records: Int32Array.of(0, 2), length: 512 },
    { records: Int32Array.of(3, -1), length: 768 },
  ]);
});

Deno.test("for training seed and epoch decide the batches; batches mix records, and their order is random", () => {
  const lengths = lengthsOf(200);
  const plan = (seed: number, epoch: number) =>
    planBatches(lengths, { batchSize: 16, shuffle: { seed, epoch } });
  assert.deepEqual(plan(1, 2), plan(1, 2));
  assert.notDeepEqual(members(plan(1, 2)), members(plan(1, 3)));
  assert.notDeepEqual(members(plan(1, 2)), members(plan(2, 2)));

  const partners = (batches: Batch[]) =>
    [...batches.find(({ records }) => records.includes(0))!.records].sort((a, b) => a - b);
  assert.notDeepEqual(partners(plan(1, 2)), partners(plan(1, 3)));

  const batchLengths = plan(1, 2).map(({ length }) => length);
  assert.notDeepEqual(batchLengths, batchLengths.toSorted((a, b) => a - b));
});

Deno.test("for training there is little padding, and the batch that is not full is not always the longest", () => {
  const lengths = lengthsOf(250);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const shortLengths = new Set<number>();
  for (let epoch = 0; epoch < 20; epoch++) {
    const batches = planBatches(lengths, { batchSize: 16, shuffle: { seed: 1, epoch } });
    const short = batches.find(({ records }) => records.includes(-1))!;
    shortLengths.add(short.length);
    const padded = batches.reduce(
      (sum, { records, length }) => sum + length * records.filter((i) => i >= 0).length,
      0,
    );
    assert.ok(padded < 1.1 * total, `epoch ${epoch}: ${padded / total}`);
  }
  assert.ok(shortLengths.size > 3);
});

Deno.test("invalid options are refused", () => {
  const lengths = Int32Array.of(256);
  const bad = [{ batchSize: 0 }, { batchSize: 1.5 }, { batchSize: 1, lengthQuantum: 0 }];
  for (const options of bad) {
    assert.throws(() => planBatches(lengths, { shuffle: null, ...options }), RangeError);
  }
});

Deno.test("every round has its own order; the dense round has that of older versions", () => {
  const lengths = lengthsOf(100);
  const order = (shuffle: { seed: number; epoch: number; round?: number }) =>
    members(planBatches(lengths, { batchSize: 8, shuffle })).join();
  assert.equal(order({ seed: 5, epoch: 2, round: 0 }), order({ seed: 5, epoch: 2 }));
  const orders = [0, 1, 2, 3].flatMap((round) =>
    [0, 1, 2, 3].map((epoch) => order({ seed: 5, epoch, round }))
  );
  assert.equal(new Set(orders).size, 16);
});
