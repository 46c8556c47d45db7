import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { inTemporaryDirectory, madeRecords, mat4, snapshot, writeSource } from "../data/testing.ts";
import { startServer } from "../data/testing_server.ts";

const SCRIPT = fileURLToPath(new URL("./build_datasets.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Runs the command in a process of its own, with the permissions that its task gives it. */
async function run(cwd: string, ...args: string[]) {
  const task: string = JSON.parse(fs.readFileSync(CONFIG, "utf8")).tasks["build-datasets"].command;
  const permissions = task.split(" ").filter((word) => word.startsWith("--"));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, SCRIPT, ...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const OWN = ["--source", "records", "--labels", "labels.csv", "--out", "out"];

Deno.test("success prints the table and the files", async () => {
  await inTemporaryDirectory(async (directory) => {
    writeSource(directory, madeRecords({ sinus: 30, AF: 20 }));
    const { code, stdout, stderr } = await run(directory, ...OWN);
    assert.equal(code, 0, stderr);
    const lines = stdout.split("\n");
    assert.match(lines[0]!, /^ +records +AF +sinus +hours$/);
    assert.match(lines[1]!, /^train +40 +16 +24 +0\.\d\d$/);
    assert.match(lines[2]!, /^dev +5 +2 +3 /);
    assert.match(lines[3]!, /^test +5 +2 +3 /);
    const { mean, std } = JSON.parse(
      fs.readFileSync(path.join(directory, "out/dataset.json"), "utf8"),
    );
    assert.ok(stdout.includes(`mean ${mean.toFixed(3)}, standard deviation ${std.toFixed(3)}`));
    assert.match(stdout, /labels: own \(/);
    assert.ok(!stdout.includes("left out"));
    for (const name of ["train.json", "dev.json", "test.json", "dataset.json"]) {
      assert.ok(stdout.includes(path.join("out", name)), name);
    }
  });
});

Deno.test("bad recordings are listed with exit code 2 and nothing is written; --skip-bad continues", async () => {
  await inTemporaryDirectory(async (directory) => {
    writeSource(directory, madeRecords({ sinus: 30, AF: 20 }));
    fs.rmSync(path.join(directory, "records/R007.mat"));
    fs.truncateSync(path.join(directory, "records/R009.mat"), 100);
    const before = snapshot(directory);
    const { code, stdout, stderr } = await run(directory, ...OWN);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^error: Cannot use 2 of the recordings in records; --skip-bad/m);
    assert.match(stderr, /^ {2}R007: label without file/m);
    assert.match(stderr, /^ {2}R009: truncated.*100 bytes/m);
    assert.ok(!stderr.includes("    at "), "no stack trace");
    assert.deepEqual(snapshot(directory), before);

    const second = await run(directory, ...OWN, "--skip-bad", "--split", "awni");
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /^left out: 2 \(1 .*, 1 .*\), see dataset\.json$/m);
    assert.ok(!fs.existsSync(path.join(directory, "out/test.json")));
  });
});

Deno.test("a wrong command line gives exit code 2 and a hint", async () => {
  await inTemporaryDirectory(async (directory) => {
    const cases: [args: string[], message: RegExp][] = [
      [["--sourc", "x"], /unknown option '--sourc'[^]*--source/],
      [["--split", "random"], /stratified, awni/],
      [["--dev", "1"], /number from 0 to 0\.99/],
      [["--seed", "x"], /whole number/],
      [["extra"], /too many arguments/],
      [["--dataset", "mnist"], /cinc2017, cpsc2018, ptbxl, chapman, afdb, ltafdb/],
      [
        ["--dataset", "ptbxl", "--download"],
        /download ptbxl automatically: get it from https.*--source/,
      ],
      [["--dataset", "ptbxl", "--label-column", "x"], /says which columns.*leave out --id-column/],
      [["--dataset", "afdb", "--split", "published"], /no published split of afdb.*ptbxl/],
      [["--split", "published"], /no published split of recordings of your own/],
      [
        ["--dataset", "ptbxl", "--split", "published", "--dev", "0.1"],
        /--dev and --test draw a split, and --split published does not/,
      ],
      [["--map", "x"], /--map must be LABEL=CLASS/],
      [["--dataset", "afdb"], /data\/afdb \(no such folder\): get afdb from https/],
      [["--split", "awni", "--test", "0.2"], /awni split has no test set/],
      [[], /data\/training2017 \(no such folder\).*--source.*--download/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await run(directory, ...args);
      assert.equal(code, 2, `${args}: ${stderr}`);
      assert.match(stderr, message);
    }
    assert.deepEqual(fs.readdirSync(directory), []);
  });
});

Deno.test("--download fetches with progress lines, then builds", async () => {
  await inTemporaryDirectory(async (directory) => {
    const records = madeRecords({ N: 12, A: 8 });
    await using server = await startServer();
    const labels = records.map(({ id, label }) => `${id},${label}\n`).join("");
    server.files.set("REFERENCE-v3.csv", new TextEncoder().encode(labels));
    const files = records.map(({ id, samples }) => [`training2017/${id}.mat`, mat4(samples)]);
    server.files.set("training2017.zip", zipSync(Object.fromEntries(files)));
    server.faults.set("training2017.zip", [{ dropAfter: 5000 }]);
    const { code, stdout, stderr } = await run(directory, "--download", "--url", server.url);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^training2017\.zip: 100 % of 0\.0 MB$/m);
    assert.match(stdout, /^train +16 /m);
    assert.deepEqual(fs.readdirSync(path.join(directory, "data")).sort(), [
      "REFERENCE-v3.csv",
      "dataset.json",
      "dataset.safetensors",
      "dev.json",
      "test.json",
      "train.json",
      "training2017",
    ]);
  });
});

Deno.test("--group and --map print groups in the table, and warnings and notes on standard error", async () => {
  await inTemporaryDirectory(async (directory) => {
    const records = madeRecords({ sinus: 30, AF: 20, noise: 1 });
    for (const [i, record] of records.entries()) record.id = `p${i >> 1}_${i}`;
    writeSource(directory, records);
    const group = ["--group", "^(p\\d+)_"];
    const { code, stdout, stderr } = await run(directory, ...OWN, ...group);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^groups \(pattern \^\(p\\d\+\)_\): 26, \d+ in train, \d in dev, \d in test, none on/m,
    );
    assert.match(stderr, /^warning: Class "noise" has 1 record and is not in dev or test: /m);
    const mapped = await run(directory, ...OWN, ...group, "--map", "noise=AF", "sinus=N");
    assert.equal(mapped.code, 0, mapped.stderr);
    assert.match(mapped.stdout, /^ +records +AF +N +hours$/m);
    assert.doesNotMatch(mapped.stderr, /warning/);
  });
});
