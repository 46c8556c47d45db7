import assert from "node:assert/strict";
import { createRng } from "../../core/rng.ts";
import type { Reason } from "../problem.ts";
import { chooseLead } from "./choose_lead.ts";
import { readTable } from "./table.ts";
import { refusal } from "./testing.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, little = true) =>
  Uint8Array.from([...text].flatMap((letter) => {
    const code = letter.charCodeAt(0);
    return little ? [code & 255, code >> 8] : [code >> 8, code & 255];
  }));
const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const read = (text: string | Uint8Array) =>
  readTable(typeof text === "string" ? encode(text) : text);
/** The lead that is chosen by default. */
function ecg(text: string | Uint8Array, asked?: string) {
  const { leads } = read(text);
  const { lead } = chooseLead(leads, asked);
  return { values: [...lead.numbers()], name: lead.name, unit: lead.unit, rate: lead.rate };
}
const rows = (count: number, row: (i: number) => string, end = "\n") =>
  Array.from({ length: count }, (_, i) => row(i)).join(end) + end;
/** Values with two decimals; neighbours always differ. */
const VALUES = Array.from(
  { length: 40 },
  (_, i) => Math.round(100 * Math.sin(i * 0.7) * 90 + i) / 100,
);
const comma = (value: number) => String(value).replace(".", ",");

function refused(text: string | Uint8Array, reason: Reason, detail: RegExp): void {
  assert.throws(() => ecg(text), refusal(reason, detail), String(text).slice(0, 60));
}

Deno.test("one column with or without a header, with CRLF and trailing blank lines", () => {
  const expected = { values: [1, -2, 30], rate: null };
  for (
    const text of ["1\n-2\n30\n", "ECG (raw)\r\n1\r\n-2.0\r\n+3e1\r\n\r\n\r\n", "x\r1\r-2\r30"]
  ) {
    const { values, rate } = ecg(text);
    assert.deepEqual({ values, rate }, expected, text);
  }
  assert.deepEqual(ecg("0.5\n.25\n-1.\n").values, [0.5, 0.25, -1]);
});

Deno.test("a cell that is not a number is refused with its line; a blank line is not a missing sample", () => {
  const cases: [text: string, reason: Reason, detail: RegExp][] = [
    ["", "empty", /./],
    ["\n\n", "empty", /./],
    ["ecg\n", "empty", /header/],
    ["1\nInfinity\n2\n", "not-a-number", /line 2/],
    ["1\n1e999\n2\n", "not-a-number", /line 2/],
    ["1\n0x10\n2\n", "not-a-number", /line 2/],
    ["ecg\n1\nx\n", "not-a-number", /line 3 is "x"/],
    ["1\n\n2\n", "not-a-number", /blank line 2/],
    ["a,b\n1.5,2\n1.5,2,3\n1.5,2\n", "not-one-column", /line 3 has 3 columns, the others 2/],
    ["one line\nand another\n", "not-a-number", /no line holds numbers/],
    ["1\x002\n", "unreadable", /not text/],
  ];
  for (const [text, reason, detail] of cases) refused(text, reason, detail);
});

Deno.test("empty cells, NaN and the mark of a loose electrode are missing", () => {
  const text = "t,ecg\n0,1.5\n4,\n8,NaN\n12,!\n16,n/a\n20,2.5\n24,-1\n";
  assert.deepEqual(ecg(text).values, [1.5, NaN, NaN, NaN, NaN, 2.5, -1]);
  assert.deepEqual(ecg("nan\n1\nNA\n2\n").values, [NaN, 1, NaN, 2]);
});

Deno.test("every encoding gives the same numbers and names", () => {
  const text = "time [ms];EKG [µV]\n" + rows(40, (i) => `${i * 4};${comma(VALUES[i]!)}`, "\r\n");
  const expected = { values: VALUES, name: "EKG", unit: "µV", rate: 250 };
  const mark = "\ufeff";
  for (
    const bytes of [
      encode(text),
      encode(mark + text),
      latin1(text),
      utf16(mark + text),
      utf16(text),
      utf16(mark + text, false),
      utf16(text, false),
    ]
  ) assert.deepEqual(ecg(bytes), expected);
});

Deno.test("every delimiter is read with decimal points, and with decimal commas if they are certain", () => {
  for (const delimiter of [",", ";", "\t", " ", "   ", " ; ", "; "]) {
    for (const decimal of [".", ","]) {
      if (delimiter === "," && decimal === ",") continue;
      const number = (value: number) => String(value).replace(".", decimal);
      const line = (i: number) => `${number(i / 250)}${delimiter}${number(VALUES[i]!)}`;
      const { values, rate } = ecg(`time${delimiter}ecg\n${rows(40, line)}`);
      assert.deepEqual(
        { values, rate },
        { values: VALUES, rate: 250 },
        JSON.stringify(delimiter + decimal),
      );
    }
  }
  const quoted = '"time","ecg"\n' + rows(40, (i) => `"${comma(i / 250)}","${comma(VALUES[i]!)}"`);
  assert.deepEqual(ecg(quoted).values, VALUES);
});

Deno.test("0,512 is one number if that is certain, else two columns", () => {
  assert.deepEqual(ecg("0,512\n-0,25\n1,125\n").values, [0.512, -0.25, 1.125]);
  assert.deepEqual(ecg("0,512\n1,05\n").values, [0.512, 1.05]);
  assert.deepEqual(ecg("EKG\n0,512\n1,25\n").values, [0.512, 1.25]);
  assert.deepEqual(ecg("-265,868\n12\n0,5\n").values, [-265.868, 12, 0.5]);
  assert.deepEqual(ecg("0,512\n1,525\n2,511\n3,498\n").values, [512, 525, 511, 498]);
});

Deno.test("the exports of watches, straps and loggers", () => {
  const apple = (unit: string, number: (value: number) => string) =>
    'Name,X\nDate of Birth,"Jan 1, 1970"\nRecorded Date,2020-02-05 09:14:40 -0400\n' +
    'Classification,Sinus Rhythm\nSymptoms,\nSoftware Version,1.90\nDevice,"Watch5,4"\n' +
    `Sample Rate,512.844 hertz\n\n\nLead,Lead I\nUnit,${unit}\n\n${
      rows(40, (i) => number(VALUES[i]!))
    }`;
  const watch = { values: VALUES, name: "", unit: "µV", rate: 512.844 };
  assert.deepEqual(ecg(apple("µV", String)), watch);
  assert.deepEqual(ecg(apple("µV", comma)), watch, "as a phone with decimal commas writes it");
  const polar = "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n" +
    rows(40, (i) =>
      `2025-03-01T10:00:00.${String(Math.floor(i * 1000 / 130)).padStart(3, "0")};` +
      `${599618164814402794n + BigInt(Math.round(i * 1e9 / 130))};${(i * 1000 / 130).toFixed(3)};${
        i % 7
      }`);
  assert.deepEqual(ecg(polar), {
    values: VALUES.map((_, i) => i % 7),
    name: "ecg",
    unit: "uV",
    rate: 130,
  });
  const monitor = rows(
    40,
    (i) => `12:59:59.${String(800 + i * 4).padStart(3, "0")} -> ${500 + i % 9}`,
  );
  assert.deepEqual(ecg(monitor).rate, 250);
  assert.equal(ecg(monitor).values[1], 501);
  const kardia =
    "# Sampling frequency: 300 Hz, bandpass filter 0.5-40 Hz\n# unit: mV\nLead I,Lead II\n" +
    rows(40, (i) => `${VALUES[i]},${VALUES[i]! + 1}`);
  assert.deepEqual(ecg(kardia), { values: VALUES, name: "Lead I", unit: "mV", rate: 300 });
  const rdsamp = "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n" +
    rows(40, (i) => `'0:00.${String(i * 4).padStart(3, "0")}',${VALUES[i]},0.1`);
  assert.deepEqual(ecg(rdsamp, "MLII"), { values: VALUES, name: "MLII", unit: "mV", rate: 250 });
  const savetxt = "# t ecg\n" +
    rows(40, (i) => `${(i / 360).toExponential(6)} ${VALUES[i]!.toExponential(4)}`);
  assert.deepEqual(ecg(savetxt).values, VALUES);
  assert.equal(ecg(savetxt).rate, 360);
  const plotter = "ready\n" + rows(40, (i) => `t:${i * 4},ECG:${VALUES[i]},BPM:${60 + i % 3}`);
  assert.deepEqual(ecg(plotter), { values: VALUES, name: "ECG", unit: null, rate: 250 });
  assert.deepEqual(ecg(rows(40, (i) => `ECG: ${VALUES[i]}`)).values, VALUES);
  const inName = "ECG (250 Hz)\n" + rows(40, (i) => `${VALUES[i]}`);
  assert.deepEqual(ecg(inName), { values: VALUES, name: "ECG", unit: null, rate: 250 });
  const labelled = "Sample Rate,512 Hz\nLead,Voltage\n" + rows(40, (i) => `I,${VALUES[i]}`);
  assert.deepEqual(ecg(labelled), { values: VALUES, name: "Voltage", unit: null, rate: 512 });
});

Deno.test("a column of times gives the rate, whatever its unit", () => {
  const rate = (title: string, time: (i: number) => string) =>
    ecg(`${title},ecg\n${rows(1000, (i) => `${time(i)},${i % 5}`)}`).rate;
  assert.equal(rate("time", (i) => (i / 300).toFixed(6)), 300);
  assert.equal(rate("time [s]", (i) => (i / 360).toFixed(3)), 360);
  assert.equal(rate("millis", (i) => String(i * 2)), 500);
  assert.equal(rate("timestamp", (i) => String(1_700_000_000_000 + i * 4)), 250);
  assert.equal(rate("t_us", (i) => String(i * 5000)), 200);
  assert.equal(rate("Zeit (ms)", (i) => String(Math.round(i * 1000 / 512))), 512);
  assert.equal(rate("Date", (i) => `2024-12-31 23:59:${(50 + i / 100).toFixed(3)}`), 100);
  const clock = (i: number) =>
    new Date(Date.UTC(2020, 0, 1, 23, 59, 59, 900 + i * 10)).toISOString();
  assert.equal(rate("time", (i) => clock(i).slice(11, 23)), 100, "times of day pass midnight");
  assert.equal(rate("sample", String), null, "a counter is no time");
  assert.equal(rate("", String), null);
  // A strap's packets: one time of arrival for 10 samples.
  assert.equal(rate("time [ms]", (i) => String(Math.floor(i / 10) * 80)), 125);
});

Deno.test("samples are missing if times jump; there is no rate if times run backwards", () => {
  const times = VALUES.map((_, i) => (i < 20 ? i * 4 : i * 4 + 12));
  const gap = "ms,ecg\n" + rows(40, (i) => `${times[i]},${VALUES[i]}`);
  const { values, rate } = ecg(gap);
  assert.equal(rate, 250);
  assert.deepEqual(values, [...VALUES.slice(0, 20), NaN, NaN, NaN, ...VALUES.slice(20)]);
  const back = "ms,ecg\n" + rows(40, (i) => `${i < 20 ? i * 4 : i * 4 - 70},${VALUES[i]}`);
  assert.equal(ecg(back).rate, null);
});

Deno.test("one column is chosen by name, by number, or because only one can be an ECG", () => {
  const text = "time [s],hr,ecg [mV],resp,marker\n" +
    rows(40, (i) => `${i / 100},${60 + i % 3},${VALUES[i]},${VALUES[39 - i]},0`);
  assert.deepEqual(ecg(text).values, VALUES);
  assert.deepEqual(ecg(text, "resp").values, VALUES.toReversed());
  assert.deepEqual(ecg(text, "4").values, VALUES.toReversed());
  assert.deepEqual(ecg(text, "ECG [mV]").values, VALUES);
  assert.throws(() => ecg(text, "nose"), /no lead "nose", but the leads 2 "hr", 3 "ecg"/);
  const two = "a,b\n" + rows(40, (i) => `${VALUES[i]},${VALUES[39 - i]}`);
  refused(two, "several-leads", /the leads 1 "a", 2 "b": choose one with --lead/);
  const twelve = "I,II,V1\n" + rows(40, (i) => `${VALUES[i]},1,2`);
  assert.deepEqual(ecg(twelve).name, "I");
});

Deno.test("constant and empty columns are not leads", () => {
  const text = rows(40, (i) => `${i}\t0\t1\t${VALUES[i]}\t`);
  const { leads } = read('# {"sampling rate": 1000}\n# EndOfHeader\n' + text);
  assert.deepEqual(leads.map(({ number, rate }) => [number, rate]), [[4, 1000]]);
});

Deno.test("a single line of many numbers is one recording", () => {
  assert.deepEqual(ecg(VALUES.join(",")).values, VALUES);
  assert.deepEqual(ecg(VALUES.join(" ") + "\n").values, VALUES);
});

Deno.test("any numbers written as a table are read back", () => {
  const rng = createRng(11, "table");
  for (let round = 0; round < 150; round++) {
    const delimiter = [",", ";", "\t", " "][rng.integer(4)]!;
    const decimal = delimiter !== "," && rng.integer(2) === 0 ? "," : ".";
    const end = ["\n", "\r\n", "\r"][rng.integer(3)]!;
    const count = 20 + rng.integer(60);
    const values = Array.from({ length: count }, () => (rng.integer(20001) - 10000) / 100);
    const hertz = [100, 130, 250, 300, 500, 1000][rng.integer(6)]!;
    const hasTime = rng.integer(2) === 0;
    const number = (value: string) => value.replace(".", decimal);
    const lines = values.map((value, i) =>
      [...(hasTime ? [number((i * 1000 / hertz).toFixed(3))] : []), number(String(value))].join(
        delimiter,
      )
    );
    const named = hasTime || decimal === "," || rng.integer(2) === 0;
    const header = named ? [...(hasTime ? ["time_ms"] : []), "ecg_mV"].join(delimiter) + end : "";
    const got = ecg((rng.integer(2) ? "\ufeff" : "") + header + lines.join(end) + end);
    assert.deepEqual(got.values, values, `round ${round}`);
    assert.equal(got.rate, hasTime ? hertz : null, `round ${round}`);
    assert.equal(got.unit, named ? "mV" : null);
  }
});

Deno.test("times that give no rate are named as the reason", () => {
  const times = (time: (i: number) => string) =>
    read("time,ecg [mV]\n" + rows(40, (i) => `${time(i)},${VALUES[i]}`));
  assert.equal(times((i) => String(i / 250)).noRate, undefined);
  const back = times((i) => String(i === 9 ? 0 : i / 250));
  assert.equal(back.noRate, 'its column "time" runs backwards at line 11');
  assert.equal(back.leads[0]!.rate, null);
  assert.equal(
    times((i) => (i / 1e6).toFixed(6)).noRate,
    'its column "time" gives no rate of an ECG',
  );
});
