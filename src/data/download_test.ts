import assert from "node:assert/strict";
import { zipSync } from "fflate";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { downloadChallenge } from "./download.ts";
import { inTemporaryDirectory, madeRecords, mat4, snapshot } from "./testing.ts";
import { startServer, type TestServer } from "./testing_server.ts";

const RECORDS = madeRecords({ N: 6, A: 4 });

function archive(records = RECORDS): Uint8Array {
  const files = records.map(({ id, samples }) => [`training2017/${id}.mat`, mat4(samples)]);
  return zipSync({ "training2017/RECORDS": new Uint8Array(3), ...Object.fromEntries(files) });
}

function sum(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface Setting {
  server: TestServer;
  directory: string;
  download: () => Promise<void>;
}

async function withServer(body: (setting: Setting) => Promise<void>): Promise<void> {
  await inTemporaryDirectory(async (directory) => {
    await using server = await startServer();
    const labels = RECORDS.map(({ id, label }) => `${id},${label}\n`).join("");
    server.files.set("REFERENCE-v3.csv", new TextEncoder().encode(labels));
    server.files.set("training2017.zip", archive());
    const download = () =>
      downloadChallenge({
        url: server.url,
        source: path.join(directory, "training2017"),
        labels: path.join(directory, "REFERENCE-v3.csv"),
      });
    await quietly(() => body({ server, directory, download }));
  });
}

/** Silences messages on standard error, which are not tested here. */
async function quietly(body: () => Promise<void>): Promise<void> {
  const { error } = console;
  console.error = () => {};
  try {
    await body();
  } finally {
    console.error = error;
  }
}

function setSums(server: TestServer, changed: Record<string, string> = {}): void {
  const lines = ["REFERENCE-v3.csv", "training2017.zip"].map((name) =>
    `${changed[name] ?? sum(server.files.get(name)!)} ${name}`
  );
  server.files.set("SHA256SUMS.txt", new TextEncoder().encode(lines.join("\n") + "\n"));
}

function assertUnpacked(directory: string): void {
  assert.deepEqual(fs.readdirSync(directory).sort(), ["REFERENCE-v3.csv", "training2017"]);
  const source = path.join(directory, "training2017");
  assert.equal(fs.readdirSync(source).length, RECORDS.length + 1);
  for (const { id, samples } of RECORDS) {
    assert.deepEqual(
      new Uint8Array(fs.readFileSync(path.join(source, `${id}.mat`))),
      mat4(samples),
    );
  }
}

Deno.test("recordings and labels arrive over a broken connection and are verified", async () => {
  await withServer(async ({ server, directory, download }) => {
    setSums(server);
    server.faults.set("training2017.zip", [{ dropAfter: 2000 }]);
    await download();
    assertUnpacked(directory);
    assert.match(server.requests.at(-1)!, /^training2017\.zip bytes=\d+-$/);
    const { length } = server.requests;
    await download();
    assert.equal(server.requests.length, length, "what is there is not fetched again");
  });
});

Deno.test("a server without SHA256SUMS.txt is accepted", async () => {
  await withServer(async ({ directory, download }) => {
    await download();
    assertUnpacked(directory);
  });
});

async function fails(setting: Setting, message: RegExp): Promise<void> {
  await assert.rejects(setting.download(), (error: Error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.match(error.message, message);
    return true;
  });
  assert.ok(!fs.existsSync(path.join(setting.directory, "training2017")));
  const left = fs.readdirSync(setting.directory).filter((name) => name.includes("tmp"));
  assert.deepEqual(left, []);
}

Deno.test("a file with another SHA-256 is deleted, and fetched again by the next call", async () => {
  await withServer(async (setting) => {
    setSums(setting.server, { "training2017.zip": "0".repeat(64) });
    await fails(setting, /training2017\.zip arrived damaged.*expected 0{64}/);
    assert.deepEqual([...snapshot(setting.directory).keys()], ["REFERENCE-v3.csv"]);
    setSums(setting.server);
    await setting.download();
    assertUnpacked(setting.directory);
  });
});

Deno.test("a damaged or incomplete archive leaves no folder of recordings", async () => {
  const broken = archive();
  broken[broken.length >> 1]! ^= 0xff;
  const cases: [Uint8Array, RegExp][] = [
    [broken, /training2017\.zip cannot be used: .*(unpack|checksum)/],
    [archive(RECORDS.slice(1)), /holds 9 recordings, expected 10\. Delete it/],
    [new TextEncoder().encode("<html>"), /not a zip/],
  ];
  for (const [bytes, message] of cases) {
    await withServer(async (setting) => {
      setting.server.files.set("training2017.zip", bytes);
      await fails(setting, message);
    });
  }
});

Deno.test("a missing file and a bad address are named", async () => {
  await withServer(async (setting) => {
    setting.server.files.delete("REFERENCE-v3.csv");
    await fails(setting, /Cannot download .*REFERENCE-v3\.csv: the server answers 404/);
  });
  for (const url of ["nowhere", "file:///etc", "http://"]) {
    const places = { source: "/nonexistent/a", labels: "/nonexistent/b" };
    await assert.rejects(downloadChallenge({ url, ...places }), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, /http\(s\) address/);
      return true;
    });
  }
});
