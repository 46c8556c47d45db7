import assert from "node:assert/strict";
import { isAf, longRecord } from "./long_record.ts";

const CLASSES = ["A", "N", "O", "~"];

Deno.test("ten minutes are not long, one more step is", () => {
  const seconds = 1;
  const of = (count: number) =>
    longRecord({ steps: new Array(count).fill("N") }, { seconds, classes: CLASSES });
  assert.equal(of(600), undefined);
  assert.deepEqual(of(601), {
    hours: [{ hour: 0, seconds: 601, label: "N", shares: { A: 0, N: 1, O: 0, "~": 0 } }],
    afBurden: 0,
  });
});

Deno.test("hand-worked hours: a step belongs to the hour in which it begins", () => {
  // Steps of 1,000 s: 0 to 3,000 begin in hour 0, 4,000 to 7,000 in hour 1, 8,000 in hour 2.
  const steps = [..."ANNAAAOON"];
  const { hours, afBurden } = longRecord({ steps }, { seconds: 1000, classes: CLASSES })!;
  assert.deepEqual(hours.map(({ hour, seconds, label }) => [hour, seconds, label]), [
    [0, 4000, "A"],
    [1, 4000, "A"],
    [2, 1000, "N"],
  ]);
  assert.deepEqual(hours[0]!.shares, { A: 0.5, N: 0.5, O: 0, "~": 0 });
  assert.deepEqual(hours[1]!.shares, { A: 0.5, N: 0, O: 0.5, "~": 0 });
  assert.equal(afBurden, 4 / 9);
});

Deno.test("the AF burden is the mean of the hours weighted by their duration, for any network", () => {
  const steps = Array.from({ length: 30_000 }, (_, i) => CLASSES[(i * i) % 7 % 4]!);
  const seconds = 256 / 300;
  const { hours, afBurden } = longRecord({ steps }, { seconds, classes: CLASSES })!;
  const time = hours.reduce((sum, hour) => sum + hour.seconds, 0);
  assert.ok(Math.abs(time - steps.length * seconds) < 1e-6);
  const af = hours.reduce((sum, hour) => sum + hour.seconds * hour.shares["A"]!, 0);
  assert.ok(Math.abs(af / time - afBurden!) < 1e-9);
  assert.deepEqual(hours.map(({ hour }) => hour), [0, 1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("there is an AF burden only if a class is AF", () => {
  const steps = new Array(1000).fill("sinus");
  assert.equal(longRecord({ steps }, { seconds: 1, classes: ["noise", "sinus"] })!.afBurden, null);
  for (const name of ["A", "AF", "AFIB", "afib", "Atrial fibrillation", "atrial_fib"]) {
    assert.ok(isAf(name), name);
  }
  for (const name of ["AFL", "N", "Atrial flutter", "AFLT", "other"]) assert.ok(!isAf(name), name);
});
