/**
 * Tests the descriptions of published data sets on small imitations made from their published formats. Only
 * CinC 2017 is also tested on its real files (data/sample).
 *
 * @module
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { buildDataset, type BuildOptions } from "../build.ts";
import { loadDataset } from "../dataset.ts";
import { mat4Of, mat5 } from "../formats/testing.ts";
import { SIDES } from "../format.ts";
import { READING_DEFAULTS } from "../recording.ts";
import { inTemporaryDirectory, noise } from "../testing.ts";
import { annotationFile, format16, format212 } from "../testing_wfdb.ts";
import { NAMED, namedDataset } from "./list.ts";

const LEADS = "I II III AVR AVL AVF V1 V2 V3 V4 V5 V6".split(" ");

function write(directory: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, contents] of Object.entries(files)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, contents);
  }
}

/** Builds as `build-datasets --dataset name --source directory/source` does. */
function build(name: string, directory: string, more: Partial<BuildOptions> = {}) {
  const dataset = namedDataset(name);
  return buildDataset({
    source: path.join(directory, "source"),
    labels: undefined,
    dataset,
    ...READING_DEFAULTS,
    rate: dataset.rate,
    lead: dataset.lead,
    out: path.join(directory, "out"),
    split: dataset.split ?? { method: "stratified", dev: 0.2, test: 0.2, seed: 1 },
    skipBad: false,
    ...more,
  });
}

/** The class of every record, by id. */
function classesIn(directory: string): Record<string, string> {
  const { splits, classes } = loadDataset(path.join(directory, "out"));
  const all = SIDES.flatMap((side) =>
    splits[side].ids.map((id, i) => [id, classes[splits[side].labels[i]!]!])
  );
  return Object.fromEntries(all.sort());
}

/** The first samples of a record as they are stored. */
function samplesOf(directory: string, id: string): Int16Array {
  const { splits, samples } = loadDataset(path.join(directory, "out"));
  for (const side of SIDES) {
    const i = splits[side].ids.indexOf(id);
    if (i >= 0) return samples.subarray(splits[side].offsets[i]!, splits[side].offsets[i]! + 512);
  }
  throw new Error(`no ${id}`);
}

/** A sine of 1 Hz and `peak` numbers at `rate`; other leads are noise. */
function sine(rate: number, seconds: number, peak: number): Int16Array {
  return Int16Array.from(
    { length: rate * seconds },
    (_, t) => Math.round(peak * Math.sin(2 * Math.PI * t / rate)),
  );
}

function assertSine(samples: Int16Array, peak: number, tolerance = 3): void {
  const expected = sine(300, 2, peak).subarray(30, 512);
  for (const [t, value] of expected.entries()) {
    assert.ok(
      Math.abs(samples[t + 30]! - value) <= tolerance,
      `sample ${t + 30}: ${samples[t + 30]}`,
    );
  }
}

/** PTB-XL's table: quoted Python dictionaries, patients as decimals, paths of both rates. */
function ptbxl(directory: string): void {
  const statements = [
    "{'NORM': 100.0, 'LVOL': 0.0, 'SR': 0.0}",
    "{'AFIB': 0.0, 'NST_': 100.0}",
    "{'IMI': 35.0, 'STACH': 0.0}",
    "{'NORM': 80.0, 'SR': 0.0, 'PACE': 0.0}",
    "{'SR': 0.0, 'AFIB': 0.0}",
    "{'NORM': 100.0}",
  ];
  const lines = [
    "ecg_id,patient_id,age,sex,report,scp_codes,validated_by_human,strat_fold,filename_lr,filename_hr",
  ];
  const records: string[] = [];
  for (let i = 0; i < 60; i++) {
    const name = `00000/${String(i + 1).padStart(5, "0")}`;
    const patient = Math.floor(i / 2);
    const scp = statements[i % statements.length]!;
    const [lr, hr] = [`records100/${name}_lr`, `records500/${name}_hr`];
    lines.push(
      `${i + 1},${patient}.0,56.0,1,"a; ""b"", c",` +
        `"${scp}",True,${1 + (patient % 10)},${lr},${hr}`,
    );
    records.push(hr);
    const signals = LEADS.map((_, lead) =>
      lead === 0 ? sine(500, 3, 400 + i) : noise(1500, 12 * i + lead)
    );
    const base = path.posix.basename(hr);
    const header = LEADS.map((lead) => `${base}.dat 16 1000.0(0)/mV 16 0 -119 1508 0 ${lead}`);
    write(path.join(directory, "source"), {
      [`${hr}.hea`]: `${base} 12 500 1500\n${header.join("\n")}\n`,
      [`${hr}.dat`]: format16(signals),
    });
  }
  write(path.join(directory, "source"), {
    "ptbxl_database.csv": lines.join("\n") + "\n",
    "scp_statements.csv": ",description\nNORM,normal ECG\n",
    RECORDS: records.map((record) => `${record}\n`).join(""),
  });
}

Deno.test("PTB-XL: lead I, published folds, patients apart, classes from statements on rhythm", async () => {
  await inTemporaryDirectory((directory) => {
    ptbxl(directory);
    const description = build("ptbxl", directory);
    assert.equal(description.dataset, "ptbxl");
    assert.deepEqual(description.classes, ["A", "N", "O"]);
    assert.equal(description.records, 50); // ten have no statement on rhythm
    assert.match(description.notes!.join("\n"), /10 records were left out, because their label/);
    assert.equal(description.groups!.by, "column patient_id");
    assert.deepEqual(description.groups!.shared, []);
    assert.deepEqual(description.reading!.leads, { I: 50 });
    const classes = classesIn(directory);
    const id = (number: number) => `records500/00000/0000${number}_hr`;
    assert.deepEqual([1, 2, 3, 4, 5].map((number) => classes[id(number)]), [
      "N",
      "A",
      "O",
      "O",
      "A",
    ]);
    const { splits } = loadDataset(path.join(directory, "out"));
    const folds = (ids: readonly string[]) =>
      new Set(ids.map((each) => 1 + (Math.floor((Number(each.slice(-8, -3)) - 1) / 2) % 10)));
    assert.deepEqual(folds(splits.dev.ids), new Set([9]));
    assert.deepEqual(folds(splits.test.ids), new Set([10]));
    assert.deepEqual(folds(splits.train.ids), new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    assertSine(samplesOf(directory, id(1)), 400);
    // Another split keeps patients together, too.
    const drawn = build("ptbxl", directory, {
      split: { method: "stratified", dev: 0.2, test: 0.2, seed: 1 },
    });
    assert.deepEqual(drawn.groups!.shared, []);
    assert.notDeepEqual(drawn.sha256, description.sha256);
  });
});

Deno.test("PTB-XL with a patient in two folds is refused; another split can be drawn on request", async () => {
  await inTemporaryDirectory((directory) => {
    ptbxl(directory);
    const file = path.join(directory, "source/ptbxl_database.csv");
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(
      file,
      text.replace("True,10,records100/00000/00019", "True,3,records100/00000/00019"),
    );
    assert.throws(() => build("ptbxl", directory), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(
        error.message,
        /1 group by column patient_id is on more than one side.*"9\.0"/,
      );
      return true;
    });
  });
});

const CODES = ["1", "2", "5", "8", "1", "2"];

Deno.test("CPSC 2018 as published: MATLAB v5 structures, 500 Hz, lead I, codes of the first label", async () => {
  await inTemporaryDirectory((directory) => {
    const lines = ["Recording,First_label,Second_label,Third_label"];
    for (let i = 0; i < 30; i++) {
      const id = `A${String(i + 1).padStart(4, "0")}`;
      lines.push(`${id},${CODES[i % 6]},${i % 6 === 2 ? "2" : ""},`);
      const signals = LEADS.map((_, lead) =>
        lead === 0 ? sine(500, 2, 500) : noise(1000, 12 * i + lead)
      );
      signals[0]![5 + i]! += 1; // no two are equal
      const columns = Array.from({ length: 1000 }, (_, t) => signals.map((signal) => signal[t]!))
        .flat();
      write(path.join(directory, "source"), {
        [`TrainingSet${1 + (i % 3)}/${id}.mat`]: mat5([["ECG.data", [12, 1000], columns]]),
      });
    }
    write(path.join(directory, "source"), { "REFERENCE.csv": lines.join("\r\n") });
    const description = build("cpsc2018", directory);
    assert.deepEqual(description.classes, ["A", "N", "O"]);
    const classes = classesIn(directory);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((n) => classes[`TrainingSet${1 + ((n - 1) % 3)}/A000${n}`]),
      ["N", "A", "O", "O", "N", "A"],
    );
    assertSine(samplesOf(directory, "TrainingSet1/A0001"), 500);
  });
});

/** A record as PhysioNet's challenge of 2020 has it: a v4 matrix and a header with diagnoses. */
function challenge2020(
  i: number,
  name: string,
  codes: string,
): Record<string, string | Uint8Array> {
  const base = path.posix.basename(name);
  const signals = LEADS.map((_, lead) =>
    lead === 0 ? sine(500, 2, 500 + i) : noise(1000, 12 * i + lead)
  );
  const columns = Array.from({ length: 1000 }, (_, t) => signals.map((signal) => signal[t]!))
    .flat();
  const lines = LEADS.map((lead) => `${base}.mat 16+24 1000/mV 16 0 28 -1716 0 ${lead}`);
  return {
    [`${name}.hea`]: `${base} 12 500 1000 05-Feb-2020 11:39:16\n${lines.join("\n")}\n#Age: 74\n` +
      `#Sex: Male\n#Dx: ${codes}\n#Rx: Unknown\n`,
    [`${name}.mat`]: mat4Of([["val", 12, 1000, 3, columns]]),
  };
}

Deno.test("CPSC 2018 and Chapman from PhysioNet: diagnoses in headers, any folders", async () => {
  for (
    const [name, prefix] of [["cpsc2018", "g1/A"], ["chapman", "WFDBRecords/01/010/JS"]] as const
  ) {
    await inTemporaryDirectory((directory) => {
      const codes = ["426783006", "164889003,59118001", "270492004,426783006", "59118001 "];
      for (let i = 0; i < 24; i++) {
        write(path.join(directory, "source"), challenge2020(i, `${prefix}000${i}`, codes[i % 4]!));
      }
      write(path.join(directory, "source"), challenge2020(99, `${prefix}00099`, ""));
      const description = build(name, directory);
      assert.equal(description.records, 24);
      assert.match(
        description.notes!.join(),
        /1 record was left out, because their header has no #Dx/,
      );
      const classes = classesIn(directory);
      assert.deepEqual(
        [0, 1, 2, 3].map((i) => classes[`${prefix}000${i}`]),
        ["N", "A", "O", "O"],
        name,
      );
      assertSine(samplesOf(directory, `${prefix}0000`), 500);
      assert.equal(description.labels.evidence, "headers and annotation files of the recordings");
    });
  }
});

/** AFDB: 250 Hz, two signals in format 212 with gain 200, rhythm annotations; one record without signals. */
function afdb(directory: string): void {
  const minutes = 6;
  const length = minutes * 60 * 250;
  const names = ["04015", "04043", "04048", "04126", "04746", "04908"];
  for (const [i, name] of names.entries()) {
    const rng = createRng(i, "afdb");
    const first = Int16Array.from(
      { length },
      (_, t) => Math.round(150 * Math.sin(2 * Math.PI * t / 250)) + rng.integer(2),
    );
    write(path.join(directory, "source"), {
      [`${name}.hea`]: `${name} 2 250 ${length}\n${name}.dat 212 200 12 0 -27 17585 0 ECG1\n` +
        `${name}.dat 212 200 12 0 2 32458 0 ECG2\n`,
      [`${name}.dat`]: format212(first, noise(length, i)),
      [`${name}.atr`]: annotationFile([
        [30, "(N"],
        [20_000, "(AFIB"],
        [45_000, "(AFL"],
        [60_001, "(J"],
        [65_000, "(N"],
      ]),
      [`${name}.qrs`]: "not looked at",
    });
  }
  write(path.join(directory, "source"), {
    "00735.hea": "00735 0 250 9661440\n",
    "00735.atr": annotationFile([[30, "(N"]]),
    RECORDS: ["00735", ...names].map((name) => `${name}\n`).join(""),
  });
}

Deno.test("AFDB: windows of one rhythm, by their annotations; a recording is a group", async () => {
  await inTemporaryDirectory((directory) => {
    afdb(directory);
    const description = build("afdb", directory);
    // (N 30 to 20,000 is 79.88 s: two windows; (AFIB 100 s: three; (AFL 60.004 s: two; (J 19.996 s: none;
    // (N 65,000 to 90,000 is 100 s: three.
    assert.equal(description.records, 6 * 10);
    assert.match(description.notes!.join("\n"), /Without signals, so not used: 00735/);
    assert.match(description.notes!.join("\n"), /windows of 30 s: 83\.4 % of the time annotated/);
    assert.deepEqual(description.groups!.perSide, { train: 4, dev: 1, test: 1 });
    assert.deepEqual(description.groups!.shared, []);
    const own = Object.entries(classesIn(directory)).filter(([id]) => id.startsWith("04043/"));
    assert.deepEqual(own, [
      ["04043/00000.12", "N"],
      ["04043/00030.12", "N"],
      ["04043/00080.00", "A"],
      ["04043/00110.00", "A"],
      ["04043/00140.00", "A"],
      ["04043/00180.00", "O"],
      ["04043/00210.00", "O"],
      ["04043/00260.00", "N"],
      ["04043/00290.00", "N"],
      ["04043/00320.00", "N"],
    ]);
    const { splits } = loadDataset(path.join(directory, "out"));
    for (const side of SIDES) assert.deepEqual(new Set(splits[side].lengths), new Set([8960]));
    // 150 of 200 per mV are 750 stored units; the noise is up to 5.
    assertSine(samplesOf(directory, "04043/00110.00"), 750, 9);
    const [line] = fs.readFileSync(path.join(directory, "out/test.json"), "utf8").split("\n");
    const { ecg, start, labels } = JSON.parse(line!);
    assert.match(ecg, /^\.\.\/source\/\d{5}\.hea$/);
    assert.equal(labels.length, 35);
    assert.equal(start, Math.round(300 * Number(splits.test.ids[0]!.slice(6))));
  });
});

Deno.test("AFDB: a flat window is left out and listed, a damaged file is refused once", async () => {
  await inTemporaryDirectory((directory) => {
    afdb(directory);
    const file = path.join(directory, "source/04043.dat");
    const bytes = fs.readFileSync(file);
    bytes.fill(0, 3 * 250 * 110, 3 * 250 * 140);
    fs.writeFileSync(file, bytes);
    const description = build("afdb", directory);
    assert.equal(description.records, 59);
    assert.deepEqual(description.refused.map(({ id, reason }) => [id, reason]), [
      ["04043/00110.00", "constant"],
    ]);
    assert.match(description.notes!.join("\n"), /1 window was left out \(1 constant\)/);
    fs.truncateSync(file, 5000);
    fs.truncateSync(path.join(directory, "source/04048.atr"), 9);
    assert.throws(() => build("afdb", directory), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, /Cannot use 2 of the recordings/);
      assert.match(error.message, /04043\.hea: truncated/);
      assert.match(error.message, /04048: truncated.*9 bytes of annotations without/);
      return true;
    });
  });
});

Deno.test("a folder with another data set is refused, and the message says what was expected", async () => {
  await inTemporaryDirectory((directory) => {
    write(path.join(directory, "source"), { "x.csv": "1\n" });
    const cases: [name: string, message: RegExp][] = [
      ["ptbxl", /is not ptbxl: it has no ptbxl_database\.csv.*records500/],
      ["cinc2017", /is not cinc2017: it has no REFERENCE-v3\.csv/],
      ["afdb", /x: unreadable file \(x\.hea: no such file\)/],
    ];
    for (const [name, message] of cases) {
      assert.throws(() => build(name, directory), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
    assert.throws(
      () => build("ptbxl", directory, { source: path.join(directory, "none") }),
      /none \(no such folder\): get ptbxl from https:\/\/physionet\.org.*--source/,
    );
    assert.throws(() => namedDataset("mnist"), /expected one of cinc2017, cpsc2018, ptbxl/);
    assert.equal(new Set(NAMED.map(({ name }) => name)).size, NAMED.length);
  });
});
