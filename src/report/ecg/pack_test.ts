import assert from "node:assert/strict";
import { extremes, packRecords, unpackSamples } from "./pack.ts";
import type { EcgRecord } from "./record.ts";

function record(samples: ArrayLike<number>, more: Partial<EcgRecord> = {}): EcgRecord {
  return { name: "r", samples, rate: 300, classes: ["N", "A"], steps: { ticket: [0] }, ...more };
}

Deno.test("raw units unpack to exactly their millivolts, and gaps to gaps", () => {
  const [packed] = packRecords([
    record(Int16Array.of(0, 1, -1, 1500, -2000, 32767), { perMillivolt: 1000 }),
  ]);
  const volts = [...unpackSamples(packed!)];
  [0, 0.001, -0.001, 1.5, -2, 32.767].forEach((value, i) =>
    assert.ok(Math.abs(volts[i]! - value) < 1e-5, `${volts[i]} for ${value}`)
  );
  assert.deepEqual([packed!.low, packed!.high], [-2, 32.767]);
  const [broken] = packRecords([record([1, NaN, Infinity, -1])]);
  assert.deepEqual([...unpackSamples(broken!)].map(Number.isNaN), [false, true, true, false]);
  assert.deepEqual([broken!.low, broken!.high], [-1, 1]);
});

Deno.test("a voltage beyond int16 microvolts reduces the resolution, not the amplitude", () => {
  const [packed] = packRecords([record([0, 100, -327.67])]);
  const volts = unpackSamples(packed!);
  assert.ok(Math.abs(volts[2]! + 327.67) <= packed!.quantum);
  assert.ok(packed!.quantum > 0.0099 && packed!.quantum < 0.0101);
});

Deno.test("a record of gaps alone, or without samples, has no extremes and causes no error", () => {
  for (const samples of [[NaN, NaN], []]) {
    const [packed] = packRecords([record(samples)]);
    assert.deepEqual([packed!.low, packed!.high], [0, 0]);
    assert.ok([...unpackSamples(packed!)].every(Number.isNaN));
  }
});

Deno.test("of too many samples the extremes of every stretch are kept in order, with the same duration", () => {
  const samples = Float64Array.from(
    { length: 10_000 },
    (_, i) => Math.sin(i / 3) + (i === 777 ? 9 : 0),
  );
  const [packed] = packRecords([record(samples)], 3_000);
  const volts = unpackSamples(packed!);
  assert.ok(volts.length <= 3_000, `${volts.length}`);
  assert.ok(Math.abs(Math.max(...volts) - Math.max(...samples)) < 1e-3);
  assert.ok(Math.abs(volts.length / packed!.rate - packed!.seconds) < 0.1);
  assert.equal(packed!.sourceRate, 300);
  assert.ok(packed!.rate < 300);
  assert.deepEqual([...extremes(Float64Array.of(1, 5, -2, NaN, 3, 4), 3)], [5, -2, 3, 4]);
});

Deno.test("without a vote the most frequent step label is that of the record", () => {
  const [packed] = packRecords([record([0], { steps: { ticket: [1, 0, 1], dense: [0, 0, 1] } })]);
  assert.deepEqual(packed!.votes, { dense: 0, ticket: 1 });
  const [alone] = packRecords([record([0], { steps: { ticket: [1] }, votes: { ticket: 0 } })]);
  assert.deepEqual(alone!.votes, { dense: null, ticket: 0 });
});
