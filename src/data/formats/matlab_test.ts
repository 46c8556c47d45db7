import assert from "node:assert/strict";
import { zlibSync } from "fflate";
import * as fs from "node:fs";
import * as path from "node:path";
import { createRng } from "../../core/rng.ts";
import { BadRecord, type Reason } from "../problem.ts";
import { mat4, noise } from "../testing.ts";
import { readMat4 } from "./mat4.ts";
import { readSignalFile } from "./registry.ts";
import { mat4Of, type Mat4Variable, mat5, refusal } from "./testing.ts";

const GOLDEN = path.join(import.meta.dirname!, "golden");

const read = (bytes: Uint8Array, name = "a.mat") =>
  readSignalFile({ name, bytes, beside: () => null });
const numbers = (bytes: Uint8Array) => read(bytes).leads.map(({ numbers }) => [...numbers()]);

function refused(bytes: Uint8Array, reason: Reason, detail: RegExp): void {
  assert.throws(() => numbers(bytes), refusal(reason, detail));
}

Deno.test("files written by SciPy are read correctly", () => {
  const expected: Record<string, number[][]> = JSON.parse(
    fs.readFileSync(path.join(GOLDEN, "expected.json"), "utf8"),
  );
  assert.ok(Object.keys(expected).length >= 19);
  for (const [name, leads] of Object.entries(expected)) {
    const file = read(new Uint8Array(fs.readFileSync(path.join(GOLDEN, name))));
    assert.equal(file.format, name.startsWith("v4") ? "mat4" : "mat5", name);
    assert.deepEqual(file.leads.map(({ numbers }) => [...numbers()]), leads, name);
  }
  const beside = read(new Uint8Array(fs.readFileSync(path.join(GOLDEN, "v5-beside.mat"))));
  assert.equal(beside.leads[0]!.rate, 250, "a variable fs is the rate, one called t no signal");
  assert.equal(beside.defaultRate, null);
  assert.equal(read(mat4(noise(300, 1))).defaultRate?.rate, 300, "val is PhysioNet's");
});

Deno.test("every numeric type of version 4 is read in both byte orders, at any alignment", () => {
  const rng = createRng(3, "mat4");
  for (let round = 0; round < 60; round++) {
    const type = round % 6;
    const [low, high] =
      ([[-1e6, 1e6], [-1e6, 1e6], [-1e6, 1e6], [-32767, 32767], [0, 65535], [0, 255]] as const)[
        type
      ]!;
    const [leads, length] = [1 + rng.integer(3), 16 + rng.integer(40)];
    const values = Array.from(
      { length: leads * length },
      () => low + rng.integer(high - low + 1),
    );
    const upright = rng.integer(2) === 0;
    const val: Mat4Variable = upright
      ? ["val", leads, length, type, values]
      : ["val", length, leads, type, values];
    const others: Mat4Variable[] = [["gain", 1, 1, 0, [200]], ["x", 20, 1, 3, [...noise(20, 2)]]];
    const order = rng.integer(2) === 0 ? [val, ...others] : [...others, val];
    const bytes = mat4Of(order, { little: rng.integer(2) === 0 });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const expected = Array.from(
      { length: leads },
      (_, lead) =>
        Array.from({ length }, (_, i) => values[upright ? i * leads + lead : lead * length + i]!),
    );
    assert.deepEqual(numbers(shifted.subarray(3)), expected, `round ${round}`);
  }
});

Deno.test("-32768 marks a missing sample of int16, not of other types", () => {
  const values = [1, -32768, ...noise(20, 1)];
  assert.ok(Number.isNaN(numbers(mat4(Int16Array.from(values)))[0]![1]));
  assert.equal(numbers(mat4Of([["val", 1, 22, 2, values]]))[0]![1], -32768);
  assert.ok(Number.isNaN(numbers(mat5([["val", [1, 22], values]]))[0]![1]));
});

Deno.test("without val, the variable that can be a signal; several are leads by their names", () => {
  const samples = [...noise(300, 1)];
  const time = samples.map((_, i) => i);
  const file = (variables: Mat4Variable[]) => read(mat4Of(variables)).leads;
  const only = file([["t", 1, 300, 0, time], ["sig", 300, 1, 3, samples], ["k", 1, 3, 0, [
    1,
    2,
    3,
  ]]]);
  assert.deepEqual(only.map(({ name }) => name), [""]);
  assert.deepEqual([...only[0]!.numbers()], samples);
  const two = file([["a", 1, 300, 3, samples], ["b", 2, 150, 3, samples]]);
  assert.deepEqual(two.map(({ name, number }) => `${number} ${name}`), ["1 a", "2 b 1", "3 b 2"]);
  refused(mat4Of([["k", 1, 3, 0, [1, 2, 3]]]), "no-signal", /k 1 x 3/);
  refused(mat4Of([["val", 20, 20, 1, Array(400).fill(1)]]), "not-one-column", /20 x 20/);
});

Deno.test("version 5: plain, compressed, in a structure", () => {
  const samples = [...noise(300, 7)];
  for (const options of [{}, { compress: zlibSync }]) {
    assert.deepEqual(numbers(mat5([["val", [1, 300], samples]], options)), [samples]);
    assert.deepEqual(numbers(mat5([["s.val", [300, 1], samples]], options)), [samples]);
    assert.deepEqual(numbers(mat5([["s.ecg", [1, 300, 1], samples]], options)), [samples]);
  }
});

Deno.test("files that are cut off, damaged or of another format are refused, and the message says what was found", () => {
  const whole = mat4(noise(300, 1));
  refused(new Uint8Array(0), "empty", /0 bytes/);
  refused(new Uint8Array(19), "not-v4", /no MATLAB file.*19 bytes/);
  refused(whole.subarray(0, 400), "truncated", /400 bytes.*300 samples needs 624/);
  refused(new Uint8Array([...whole, 1, 2]), "truncated", /626 bytes.*ends at byte 624/);
  refused(Uint8Array.from({ length: 200 }, (_, i) => i + 7), "not-v4", /begin with 07 08/);
  refused(new TextEncoder().encode("MATLAB 7.3 MAT-file ...".padEnd(600)), "unsupported", /-v7/);
  const hdf5 = new Uint8Array(1024);
  hdf5.set([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
  refused(hdf5, "unsupported", /HDF5/);
  const five = mat5([["val", [1, 300], [...noise(300, 1)]]]);
  refused(five.subarray(0, 400), "truncated", /400 bytes/);
  const squeezed = mat5([["val", [1, 300], [...noise(300, 1)]]], { compress: zlibSync });
  squeezed[150]! ^= 0xff;
  assert.throws(() => numbers(squeezed), BadRecord);
  assert.throws(() => readMat4(new Uint8Array(30)), BadRecord);
});
