import assert from "node:assert/strict";
import { createRng } from "../../core/rng.ts";
import { explainAll, explainAssumed, inOptions } from "../advice.ts";
import { noise } from "../testing.ts";
import { assumedLines } from "./assumptions.ts";
import { chooseLead } from "./choose_lead.ts";
import { bridgeGaps, MAX_GAP_SECONDS } from "./gaps.ts";
import { doubtsAbout } from "./plausible.ts";
import { prepare } from "./prepare.ts";
import { type Reading, type ReadingOptions, understand } from "./reading.ts";
import type { ReadFile } from "./registry.ts";
import type { Lead } from "./signal_file.ts";
import { refused } from "./testing.ts";
import { millivoltsIn, secondsIn } from "./units.ts";

const lead = (more: Partial<Lead> & { values?: readonly number[] } = {}): Lead => ({
  ...{ name: "ECG", number: 1, unit: "mV", gain: 1, baseline: 0, rate: 300 },
  numbers: () => Float64Array.from(more.values ?? [...noise(300, 1)].map((x) => x / 1000)),
  ...more,
});
const file = (leads: readonly Lead[], more: Partial<ReadFile> = {}): ReadFile => ({
  format: "wfdb",
  leads,
  rateSource: "its header",
  defaultRate: null,
  ...more,
});
const read = (one: Lead, options: Partial<ReadingOptions> = {}, more: Partial<ReadFile> = {}) =>
  understand(file([one], more), { units: "auto", ...options });
const said = ({ understood }: Reading) => explainAssumed(understood.assumed, inOptions);

Deno.test("units of voltage in any case and with any micro sign, and no others", () => {
  for (
    const [names, value] of [
      [["mV", "mv", "MV", "millivolt", " mV "], 1],
      [["uV", "UV", "\u00b5V", "\u03bcV", "\u00c2\u00b5V", "microvolts"], 1e-3],
      [["V", "v", "volt"], 1e3],
      [["nV"], 1e-6],
    ] as const
  ) {
    for (const name of names) assert.equal(millivoltsIn(name), value, name);
  }
  for (const name of ["mmHg", "kV", "", "bpm", "constructor"]) {
    assert.equal(millivoltsIn(name), null);
  }
  assert.deepEqual(["s", "MS", "µs", "ns", "x"].map(secondsIn), [1, 1e-3, 1e-6, 1e-9, null]);
});

Deno.test("the file decides how numbers become stored units, and options override it", () => {
  const first = (more: Parameters<typeof lead>[0], options: Partial<ReadingOptions> = {}) =>
    read(lead({ values: [3, 4], ...more }), options).signal[0];
  assert.equal(first({}), 3000);
  assert.equal(first({ unit: "uV" }), 3);
  assert.equal(first({ unit: "V" }), 3e6);
  assert.equal(first({ gain: 200, baseline: 1 }), 10);
  assert.equal(first({ gain: 200, baseline: 1 }, { baseline: 0 }), 15);
  assert.equal(first({ gain: 200 }, { gain: 100 }), 30);
  assert.equal(first({ unit: null, gain: null }, { units: "mV" }), 3000);
  assert.equal(first({ unit: null, gain: null }, { units: "uV", gain: 2, baseline: 1 }), 1);
  assert.equal(first({ gain: 200, baseline: 1 }, { units: "raw" }), 2);
  assert.equal(first({ unit: null, gain: null }, { gain: 4 }), 750);
});

Deno.test("assumptions are made for missing properties and reported", () => {
  const assumed = (more: Parameters<typeof lead>[0], options: Partial<ReadingOptions> = {}) =>
    said(read(lead(more), options)).join("; ");
  assert.equal(assumed({}), "");
  assert.match(
    assumed({ unit: null, gain: null, values: [1, 2] }),
    /whole numbers are 1000 per mV \(--u/,
  );
  assert.match(assumed({ unit: null, gain: null }), /the numbers are mV \(--units/);
  assert.match(assumed({ gain: null }), /200 per mV, WFDB's default .*--gain/);
  assert.equal(assumed({ unit: "adu", gain: null }, { gain: 200 }), "");
  const reading = read(lead({ rate: null }), {}, { defaultRate: { rate: 250, why: "so" } });
  assert.deepEqual([reading.rate, reading.understood.rateFrom], [250, "assumed"]);
  assert.match(said(reading).join(), /250 Hz, so \(--rate says another\)/);
  const lines = assumedLines(
    [reading, reading, read(lead())].map((each) => ({ assumed: said(each) })),
  );
  assert.deepEqual(lines, ["Assumed for 2 of 3 recordings: 250 Hz, so (--rate says another)"]);
});

Deno.test("the rate comes from the file, or from the option if the file has none; both must agree", () => {
  assert.equal(read(lead()).rate, 300);
  assert.equal(read(lead(), { rate: 300 }).rate, 300);
  assert.equal(read(lead({ rate: null }), { rate: 128 }).rate, 128);
  refused(
    () => read(lead(), { rate: 360 }),
    "other-rate",
    /its header says 300 Hz, not 360 Hz: leave out --rate$/,
  );
  refused(() => read(lead({ rate: 0.5 })), "other-rate", /says 0\.5 Hz, expected 1 to 100000/);
  refused(() => read(lead({ rate: null })), "no-rate", /give --rate HZ/);
  refused(
    () => read(lead({ rate: null }), {}, { noRate: "its times run backwards" }),
    "no-rate",
    /^its times run backwards: give --rate HZ$/,
  );
  refused(() => read(lead({ unit: "mmHg" })), "other-unit", /is in "mmHg", which is no voltage/);
  refused(() => read(lead({ values: [] })), "empty", /no samples/);
  refused(() => read(lead({ values: [1, Infinity] })), "not-a-number", /sample 1 is infinite/);
});

Deno.test("the lead: the one asked for, the only ECG, lead I, else the list", () => {
  const leads = (...names: string[]) =>
    names.map((name, i) => lead({ name, number: i + 1, unit: name === "ABP" ? "mmHg" : "mV" }));
  const chosen = (names: string[], asked?: string) => {
    const { lead, assumed } = chooseLead(leads(...names), asked);
    return [lead.number, assumed === null ? "" : assumed.replace(/^.*, /, "")];
  };
  assert.deepEqual(chosen(["whatever"]), [1, ""]);
  assert.deepEqual(chosen(["III", "II", "I"]), [3, "lead I by default"]);
  assert.deepEqual(chosen(["ECG II", "ECG Lead I", "x"]), [2, "lead I by default"]);
  assert.deepEqual(chosen(["RESP", "ABP", "V"]), [3, "the only one that can be an ECG"]);
  assert.deepEqual(chosen(["value", "ecg", "raw2"]), [2, "the only one that is called ECG"]);
  assert.deepEqual(chosen(["MLII", "V5"], "v5"), [2, ""]);
  assert.deepEqual(chosen(["MLII", "V5"], "1"), [1, ""]);
  assert.deepEqual(chosen(["2", "1"], "1"), [2, ""], "a name counts before a number");
  assert.deepEqual(chosen(["Lead II", "Lead I"], "ii"), [1, ""]);
  refused(
    () => chosen(["MLII", "V5"]),
    "several-leads",
    /the leads 1 "MLII", 2 "V5": choose.*--lead/,
  );
  refused(() => chosen(["MLII", "V5"], "I"), "no-lead", /no lead "I", but the leads 1 "MLII"/);
  refused(() => chosen(["a", "I", "A"], "Lead a"), "several-leads", /^2 of its leads are called/);
});

Deno.test("short gaps become straight lines, long ones are refused, at the ends as between", () => {
  const bridged = (values: number[], maxGap = 1) => {
    const { signal, missing, gaps } = bridgeGaps(Float64Array.from(values), { rate: 3, maxGap });
    return [[...signal], missing, gaps];
  };
  assert.deepEqual(bridged([1, 2]), [[1, 2], 0, 0]);
  assert.deepEqual(bridged([NaN, 0, NaN, NaN, 3, NaN]), [[0, 0, 1, 2, 3, 3], 4, 3]);
  refused(
    () => bridged([0, NaN, NaN, NaN, NaN, 3]),
    "missing-samples",
    /1\.33 s are missing at 0\.333/,
  );
  refused(
    () => bridged([0, NaN], 0),
    "missing-samples",
    /more than the 0 s that are bridged: --max-gap bridges longer gaps$/,
  );
  refused(() => bridged([NaN, NaN]), "missing-samples", /all 2 samples/);
  const rng = createRng(5, "gaps");
  for (let round = 0; round < 100; round++) {
    const values = Array.from({ length: 50 }, () => (rng.integer(4) === 0 ? NaN : rng.integer(9)));
    values[rng.integer(50)] = 1;
    const { signal, missing } = bridgeGaps(Float64Array.from(values), { rate: 1, maxGap: 50 });
    const known = values.filter((value) => !Number.isNaN(value));
    assert.equal(missing, 50 - known.length);
    values.forEach((value, i) => {
      assert.ok(Number.isNaN(value) || value === signal[i]);
      assert.ok(signal[i]! >= Math.min(...known) && signal[i]! <= Math.max(...known));
    });
  }
});

Deno.test("an implausible ECG is reported, with the option that helps", () => {
  const doubts = (
    values: readonly number[],
    { rate = 300, missing = 0, unit = "mV", assumed = false } = {},
  ) =>
    explainAll(
      doubtsAbout(Float64Array.from(values), { rate, missing, unit, assumed }),
      inOptions,
    ).join("; ");
  const fine = [...noise(600, 3)];
  assert.equal(doubts(fine), "");
  assert.match(
    doubts(fine.map((x) => x / 1000)),
    /spans 0\.00199 mV.*0\.05 to 50: if its numbers are V, say --units V/,
  );
  assert.match(doubts(fine.map((x) => x * 1000)), /spans 1990 mV.*numbers are uV, say --units uV/);
  assert.match(
    doubts(fine.map((x) => x / 1000), { unit: "uV" }),
    /if its numbers are mV, say --units mV/,
  );
  assert.match(doubts(fine.map((x) => x * 1e7)), /say what its numbers are with --units or --gain/);
  assert.match(doubts(fine.map((x) => x / 10 + 5000)), /middle is 5 mV, 25 times.*--baseline/);
  assert.match(doubts([...fine, ...Array(300).fill(7)]), /33 % of it is a flat line/);
  assert.match(
    doubts(fine.map((x) => Math.min(x, 300))),
    /3\d % of its samples are clipped at one value/,
  );
  const counts = fine.map((x) => (x + 1000) / 4);
  assert.match(doubts(counts, { assumed: true }), /never below 0.*--gain.*--baseline/);
  assert.equal(doubts(counts), "");
  assert.match(doubts(fine, { missing: 120 }), /20 % of its samples were missing/);
  assert.equal(doubts(fine, { rate: 50 }), "");
  assert.match(
    doubts(fine, { rate: 30 }),
    /it has 30 samples per second, an ECG at least 50: --rate says another/,
  );
});

Deno.test("a signal is bridged, resampled to the network's rate and rounded", () => {
  const wave = Array.from({ length: 1000 }, (_, i) => Math.sin(2 * Math.PI * 5 * i / 250));
  wave[500] = NaN;
  const reading = read(lead({ values: wave, rate: 250 }));
  for (const targetRate of [300, 200]) {
    const { samples, missing, gaps, doubts } = prepare(reading, {
      targetRate,
      maxGap: MAX_GAP_SECONDS,
    });
    assert.equal(samples.length, 4 * targetRate);
    assert.deepEqual([missing, gaps, doubts], [1, 1, []]);
    samples.forEach((value, i) => {
      if (i < 100 || i > samples.length - 100) return;
      assert.ok(Math.abs(value - 1000 * Math.sin(2 * Math.PI * 5 * i / targetRate)) < 12, `${i}`);
    });
  }
  const as = (values: number[], targetRate = 250) =>
    prepare(read(lead({ values, rate: 250 })), { targetRate, maxGap: 0.5 });
  refused(() => as(wave.slice(0, 255)), "too-short", /255 samples at 250 Hz/);
  refused(() => as(Array(300).fill(1)), "constant", /all 256 samples are 1000/);
  refused(
    () => as([...wave.slice(0, 400), 1300]),
    "out-of-range",
    /1300 mV.*if its numbers are uV, say/,
  );
});
