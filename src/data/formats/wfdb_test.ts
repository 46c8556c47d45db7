import assert from "node:assert/strict";
import { zlibSync } from "fflate";
import { createRng } from "../../core/rng.ts";
import { mat4, noise } from "../testing.ts";
import { readSignalFile } from "./registry.ts";
import { mat5, refused } from "./testing.ts";
import { parseWfdbHeader } from "./wfdb_header.ts";
import { SAMPLE_FORMATS } from "./wfdb_samples.ts";

const text = (value: string) => new TextEncoder().encode(value);
type Files = Record<string, Uint8Array | string>;

function open(name: string, files: Files) {
  const bytes = (file: string) => {
    const found = files[file];
    return found === undefined ? null : typeof found === "string" ? text(found) : found;
  };
  return readSignalFile({ name, bytes: bytes(name)!, beside: bytes });
}

const numbers = (name: string, files: Files) =>
  open(name, files).leads.map(({ numbers }) => [...numbers()]);
/** The samples of one signal in this format. */
const decoded = (format: string, bytes: readonly number[], more = "1/mV 16 0 0") =>
  numbers("r.hea", {
    "r.hea": `r 1 300\nr.dat ${format} ${more}\n`,
    "r.dat": Uint8Array.from(bytes),
  })[0]!;
const int16 = (values: readonly number[]) => new Uint8Array(Int16Array.from(values).buffer);

Deno.test("bytes of every format, worked out by hand from signal(5), are read", () => {
  // 8: differences; the initial value is the header's sixth field.
  assert.deepEqual(decoded("8", [1, 0xff, 5, 0x80], "1/mV 8 0 10"), [11, 10, 15, -113]);
  assert.deepEqual(decoded("16", [0x34, 0x12, 0xfe, 0xff]), [0x1234, -2]);
  assert.deepEqual(decoded("24", [0x56, 0x34, 0x12, 0xfe, 0xff, 0xff]), [0x123456, -2]);
  assert.deepEqual(decoded("32", [0x78, 0x56, 0x34, 0x12, 0xfe, 0xff, 0xff, 0xff]), [
    0x12345678,
    -2,
  ]);
  assert.deepEqual(decoded("61", [0x12, 0x34, 0xff, 0xfe]), [0x1234, -2]);
  assert.deepEqual(decoded("80", [128, 129, 1, 255]), [0, 1, -127, 127]);
  assert.deepEqual(decoded("160", [0x00, 0x80, 0x01, 0x80, 0x01, 0x00]), [0, 1, -32767]);
  // 212: the first sample's high bits are the middle byte's low half.
  assert.deepEqual(decoded("212", [0x23, 0x61, 0x45, 0xfe, 0xff, 0xff]), [0x123, 0x645, -2, -1]);
  // 310: bits 1 to 10 of each pair; the third is the pairs' upper five bits, the first's below.
  // 0b00010_0000000011_0 and 0b00001_1111111110_0: 3, -2, 1 * 32 + 2.
  assert.deepEqual(decoded("310", [0b00000110, 0b00010000, 0b11111100, 0b00001111]), [3, -2, 34]);
  // 311: ten bits each from the lowest of a little-endian word: 3, -2, 5.
  const word = 3 | (-2 & 1023) << 10 | 5 << 20;
  assert.deepEqual(decoded("311", [0, 8, 16, 24].map((shift) => word >> shift & 255)), [3, -2, 5]);
  assert.equal(SAMPLE_FORMATS.size, 10);
});

Deno.test("a cut last block has the samples whose bits are complete", () => {
  assert.deepEqual(decoded("212", [0x23, 0x61, 0x45, 0xfe, 0x0f]), [0x123, 0x645, -2]);
  assert.deepEqual(decoded("212", [0x23, 0x61, 0x45, 0xfe]), [0x123, 0x645]);
  assert.deepEqual(decoded("310", [6, 0x10, 0xfc, 0x0f, 6, 0x10]), [3, -2, 34, 3]);
  const word = 3 | (-2 & 1023) << 10;
  assert.deepEqual(decoded("311", [word & 255, word >> 8 & 255, word >> 16 & 255]), [3, -2]);
  const odd = Array.from({ length: 8999 }, (_, i) => (i * 37) % 4000 - 2000);
  const packed = new Uint8Array(13499);
  odd.forEach((value, i) => {
    const at = 3 * (i >> 1);
    if (i % 2 === 0) [packed[at], packed[at + 1]] = [value & 255, value >> 8 & 15];
    else [packed[at + 1], packed[at + 2]] = [packed[at + 1]! | (value >> 8 & 15) << 4, value & 255];
  });
  const header = "odd 1 300 8999\nodd.dat 212 200(0)/mV 12 0 -19 0 0 MLII\n";
  assert.deepEqual(numbers("odd.hea", { "odd.hea": header, "odd.dat": packed }), [odd]);
});

Deno.test("each format's mark for a missing sample becomes NaN, and format 8 has none", () => {
  const cases: [format: string, bytes: number[]][] = [
    ["16", [0x00, 0x80]],
    ["24", [0, 0, 0x80]],
    ["32", [0, 0, 0, 0x80]],
    ["61", [0x80, 0x00]],
    ["80", [0]],
    ["160", [0, 0]],
    ["212", [0x00, 0x08, 0x00]],
    ["310", [0x00, 0x04, 0, 0]],
    ["311", [0x00, 0x02, 0, 0]],
  ];
  for (const [format, bytes] of cases) {
    assert.ok(Number.isNaN(decoded(format, bytes)[0]), format);
  }
  assert.deepEqual(decoded("8", [0x80, 0x80]), [-128, -256]);
});

Deno.test("what header(5) allows: counter frequency, dates, CRLF, comments, exponents, defaults", () => {
  const parsed = (header: string) => parseWfdbHeader(text(header));
  const full = parsed(
    "# a comment\r\n\r\nx 1 300/1.5e3(-7) 9000 10:00:00 01/02/2020\r\n# another\r\n" +
      "x.dat 16x2:3+24 1.0e+03(-5)/uV 16 7 -127 0 0 ECG lead I # noisy\r\n#Age: 3\r\n",
  );
  assert.deepEqual(full, {
    rate: 300,
    length: 9000,
    segments: [],
    signals: [{
      ...{ file: "x.dat", format: 16, samplesPerFrame: 2, skew: 3, offset: 24 },
      ...{ gain: 1000, baseline: -5, unit: "uV", initial: -127, description: "ECG lead I" },
    }],
  });
  const signal = (line: string) => parsed(`x 1\nx.dat ${line}\n`).signals[0]!;
  assert.equal(parsed("x 1\nx.dat 16\n").rate, null);
  assert.equal(parsed("x 1 250.5 0 2014-05-08 05:05:15\nx.dat 16\n").length, null);
  assert.deepEqual([signal("16").gain, signal("16").unit], [null, "mV"]);
  assert.equal(signal("16 0/mV").gain, null);
  assert.equal(signal("16 1000/mV 16 1024").baseline, 1024);
  assert.equal(signal("16 1000(5)/mV 16 1024").baseline, 5);
  assert.deepEqual([signal("16 -1e-3/nV").gain, signal("16 -1e-3/nV").unit], [-0.001, "nV"]);
  const latin = parseWfdbHeader(Uint8Array.from([...text("x 1\nx.dat 16 1/"), 0xb5, 0x56, 10]));
  assert.equal(latin.signals[0]!.unit, "µV");
});

Deno.test("several signals in one file and several files, samples per frame and skew", () => {
  const files: Files = {
    "r.hea": "r 4 100 3\na.dat 16x2 1/mV 16 0 0 0 0 I\na.dat 16 1/mV 16 0 0 0 0 II\n" +
      "a.dat 16:1 1/mV 16 0 0 0 0 III\nb.dat 80 1/mV 8 0 0 0 0 V\n",
    "a.dat": int16([1, 2, 10, 20, 3, 4, 11, 21, 5, 6, 12, 22]),
    "b.dat": Uint8Array.of(128, 129, 130, 131),
  };
  const { leads, format } = open("r.hea", files);
  assert.equal(format, "wfdb");
  assert.deepEqual(leads.map(({ name, number, rate }) => [name, number, rate]), [
    ["I", 1, 200],
    ["II", 2, 100],
    ["III", 3, 100],
    ["V", 4, 100],
  ]);
  const all = leads.map(({ numbers }) => [...numbers()]);
  assert.deepEqual(all, [[1, 2, 3, 4, 5, 6], [10, 11, 12], [21, 22, NaN], [0, 1, 2]]);
});

Deno.test("segments are joined: with gaps, other gains, and layouts in which signals come and go", () => {
  const files: Files = {
    "fixed.hea": "fixed/3 1 100 8\na 3\n~ 2\nb 3\n",
    "a.hea": "a 1 100 3\na.dat 16 100/mV 16 0 0 0 0 I\n",
    "b.hea": "b 1 100 3\nb.dat 16 200(10)/mV 16 0 0 0 0 I\n",
    "a.dat": int16([1, 2, 3]),
    "b.dat": int16([12, 14, 16]),
    "vary.hea": "vary/3 2 100 6\nlay 0\na 3\nc 3\n",
    "lay.hea": "lay 2 100 0\n~ 0 100/mV 0 0 0 0 0 II\n~ 0 100/mV 0 0 0 0 0 I\n",
    "c.hea": "c 2 100 3\na.dat 16 100/mV 16 0 0 0 0 I\nb.dat 16 100/mV 16 0 0 0 0 II\n",
  };
  assert.deepEqual(numbers("fixed.hea", files), [[1, 2, 3, NaN, NaN, 1, 2, 3]]);
  assert.deepEqual(numbers("vary.hea", files), [
    [NaN, NaN, NaN, 12, 14, 16],
    [1, 2, 3, 1, 2, 3],
  ]);
  const twice: Files = {
    "r.hea": "r/3 1 100 4\np 1\n~ 2\nq 1\n",
    "p.hea": "p 1 100 1\na.dat 16x3 100/mV 16 0 0 0 0 I\n",
    "q.hea": "q 1\na.dat 16x3 100/mV 16 0 0 0 0 I\n",
    "a.dat": int16([1, 2, 3]),
  };
  const gap = Array(6).fill(NaN);
  assert.deepEqual(numbers("r.hea", twice), [[1, 2, 3, ...gap, 1, 2, 3]]);
  assert.equal(open("r.hea", twice).leads[0]!.rate, 300);
  const faster = { ...twice, "q.hea": "q 1 200 1\na.dat 16x3 100/mV 16 0 0 0 0 I\n" };
  refused(() => numbers("r.hea", faster), "other-rate", /segments have 300 and 600 Hz/);
  refused(
    () => numbers("seg.hea", { "seg.hea": "seg/2 1 300 9000\nseg_1 4500\nseg_2 4500\n" }),
    "unreadable",
    /seg_1\.hea: there is no such file/,
  );
  const long = { ...files, "fixed.hea": "fixed/2 1 100 9\na 4\nb 3\n" };
  refused(() => numbers("fixed.hea", long), "truncated", /segment a has 3 samples.*says 4/);
  const endless = { ...files, "fixed.hea": "fixed/2 1 100 9\na 3\n~ 99999999999\n" };
  refused(() => numbers("fixed.hea", endless), "missing-samples", /99999999999 samples without/);
});

Deno.test("a .mat with its header is one record, by either name and in either version", () => {
  const samples = [...noise(300, 1)];
  const header = "r 1 250 300\nr.mat 16+24 200(1024)/mV 12 0 0 0 0 MLII\n";
  for (const mat of [mat4(Int16Array.from(samples)), mat5([["val", [1, 300], samples]])]) {
    for (const name of ["r.mat", "r.hea"]) {
      const { leads: [lead], format } = open(name, { "r.hea": header, "r.mat": mat });
      assert.deepEqual([...lead!.numbers()], samples);
      assert.deepEqual(
        [format, lead!.gain, lead!.baseline, lead!.unit, lead!.rate, lead!.name],
        ["wfdb", 200, 1024, "mV", 250, "MLII"],
      );
    }
  }
  const wide = mat5([["val", [2, 300], [...samples, ...samples]]], { compress: zlibSync });
  refused(
    () => numbers("r.mat", { "r.hea": header, "r.mat": wide }),
    "not-one-column",
    /2 leads.*1/,
  );
  const other = "r 1 250 300\nr.dat 16 200/mV\n";
  refused(
    () => numbers("r.mat", { "r.hea": other, "r.mat": mat4(noise(300, 1)) }),
    "unreadable",
    /describes r\.dat, not r\.mat/,
  );
});

Deno.test("files that are cut off, compressed, in another folder or without header are refused with a reason", () => {
  const of = (header: string, more: Files = { "x.dat": int16([1, 2, 3]) }) => () =>
    numbers("x.hea", { "x.hea": header, ...more });
  refused(of("x 1 300 4\nx.dat 16 1/mV\n"), "truncated", /3 samples, but its header says 4/);
  assert.deepEqual(of("x 1 300 2\nx.dat 16 1/mV\n")(), [[1, 2]]);
  refused(of("x 2 300\nx.dat 16\n"), "truncated", /lists 1 of 2 signals/);
  refused(of("x 1 300\nx.dat 516\n"), "unsupported", /compressed WFDB format 516/);
  refused(of("x 1 300\nx.dat 17\n"), "unsupported", /WFDB format 17, expected one of 8, 16/);
  refused(of("x 1 300\n../x.dat 16\n"), "unreadable", /expected a file beside the header/);
  refused(
    of("x 1 300\nx.dat 16 1.2.3/mV\n"),
    "unreadable",
    /gain of its signal x\.dat is "1\.2\.3/,
  );
  refused(of("no header\n"), "unreadable", /first line/);
  refused(of("x 0 300\n"), "no-signal", /no signals/);
  refused(of("x 1 300\nx.dat 16\n", {}), "unreadable", /x\.dat: there is no such file/);
});

Deno.test("any numbers written in a format are read back", () => {
  const rng = createRng(8, "wfdb");
  const ranges: Record<number, number> = {
    16: 32767,
    24: 8388607,
    32: 2147483647,
    61: 32767,
    80: 127,
    160: 32767,
  };
  for (const [format, limit] of Object.entries(ranges)) {
    const values = Array.from({ length: 50 }, () => rng.integer(2 * limit + 1) - limit);
    const width = { 80: 1, 24: 3, 32: 4 }[format] ?? 2;
    const bytes = values.flatMap((value) => {
      const shifted = format === "80" ? value + 128 : format === "160" ? value + 32768 : value;
      const little = Array.from({ length: width }, (_, k) => shifted >> 8 * k & 255);
      return format === "61" ? little.reverse() : little;
    });
    assert.deepEqual(decoded(format, bytes), values, format);
  }
});
