import assert from "node:assert/strict";
import { createRng } from "../../core/rng.ts";
import type { Reason } from "../problem.ts";
import { formatOf, readSignalFile } from "./registry.ts";
import { edf, type EdfSignal, refusal } from "./testing.ts";

const read = (bytes: Uint8Array) =>
  readSignalFile({ name: "a.edf", bytes, beside: () => null }).leads;
const some = (length: number, seed = 1) => {
  const rng = createRng(seed, "edf");
  return Array.from({ length }, () => rng.integer(4001) - 2000);
};
const ecg = (more: Partial<EdfSignal> = {}): EdfSignal => ({
  label: "ECG",
  samples: some(600),
  perRecord: 100,
  ...more,
});

function refused(bytes: Uint8Array, reason: Reason, detail: RegExp): void {
  assert.throws(() => read(bytes).map(({ numbers }) => numbers()), refusal(reason, detail));
}

Deno.test("every signal is read with its rate and its linear scale", () => {
  const two = some(300, 2);
  const leads = read(edf({
    seconds: 2,
    signals: [
      ecg({ label: "ECG I", unit: "uV", physical: [-5000, 5000], digital: [-2048, 2047] }),
      ecg({
        label: "Resp",
        unit: "",
        perRecord: 50,
        samples: two,
        physical: [1, -1],
        digital: [0, 10],
      }),
    ],
  }));
  assert.deepEqual(leads.map(({ name, number, unit, rate }) => [name, number, unit, rate]), [
    ["ECG I", 1, "uV", 50],
    ["Resp", 2, null, 25],
  ]);
  assert.deepEqual([...leads[0]!.numbers()], some(600));
  assert.deepEqual([...leads[1]!.numbers()], two);
  const physical = (lead: number, number: number) =>
    (number - leads[lead]!.baseline) / leads[lead]!.gain!;
  assert.ok(
    Math.abs(physical(0, -2048) + 5000) < 1e-9 && Math.abs(physical(0, 2047) - 5000) < 1e-9,
  );
  assert.ok(Math.abs(physical(1, 0) - 1) < 1e-9 && Math.abs(physical(1, 10) + 1) < 1e-9);
});

Deno.test("BDF has 24 bits, and contents decide over the ending", () => {
  const samples = [8388607, -8388608, 0, 1, -1, ...some(95)];
  const bytes = edf({ kind: "BDF", signals: [ecg({ samples })] });
  assert.deepEqual([...read(bytes)[0]!.numbers()], samples);
  assert.equal(formatOf({ name: "x.csv", bytes }), "edf");
});

Deno.test("gaps of a discontinuous file are missing samples", () => {
  const samples = some(300);
  const onsets = [0, 1, 3.5];
  const [lead, ...others] = read(edf({ kind: "EDF+D", signals: [ecg({ samples })], onsets }));
  assert.deepEqual(others, [], "annotations are no lead");
  const expected = [...samples.slice(0, 200), ...Array(150).fill(NaN), ...samples.slice(200)];
  assert.deepEqual([...lead!.numbers()], expected);
  const whole = edf({ kind: "EDF+C", signals: [ecg({ samples })], onsets });
  assert.deepEqual([...read(whole)[0]!.numbers()], samples);
  refused(
    edf({ kind: "EDF+D", signals: [ecg({ samples })], onsets: [0, 1, 1.5] }),
    "unreadable",
    /3 begins before/,
  );
  refused(edf({ kind: "EDF+D", signals: [ecg({ samples })] }), "unreadable", /discontinuous/);
  refused(
    edf({ kind: "EDF+D", signals: [ecg({ samples })], onsets: [0, 1, 9e6] }),
    "missing-samples",
    /gaps of 899999800 samples/,
  );
});

Deno.test("the number of records of a file that is still being written is counted", () => {
  assert.equal(read(edf({ signals: [ecg()], records: -1 }))[0]!.numbers().length, 600);
});

Deno.test("files that are cut off or contradict themselves are refused, and the message says what was found", () => {
  const whole = edf({ signals: [ecg()] });
  refused(whole.subarray(0, 200), "truncated", /200 bytes/);
  refused(whole.subarray(0, 300), "truncated", /300 bytes.*512/);
  refused(whole.subarray(0, 1500), "truncated", /4 data records, but its header says 6/);
  refused(edf({ signals: [ecg({ physical: [1, 1] })] }), "unreadable", /from 1 to 1/);
  refused(edf({ signals: [ecg({ digital: [5, 5] })] }), "unreadable", /digital 5 to 5/);
  const letters = whole.slice();
  letters.set([0x78, 0x78], 236);
  refused(letters, "unreadable", /number of records is "xx/);
  refused(new TextEncoder().encode("no EDF at all"), "unreadable", /no EDF or BDF/);
  assert.equal(read(edf({ signals: [ecg()], seconds: 0 }))[0]!.rate, null);
});
