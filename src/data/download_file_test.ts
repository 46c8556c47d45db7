import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../core/errors.ts";
import { downloadFile } from "./download_file.ts";
import { inTemporaryDirectory, noise } from "./testing.ts";
import { startServer, type TestServer } from "./testing_server.ts";

const CONTENTS = new Uint8Array(noise(20_000, 5).buffer as ArrayBuffer);

interface Setting {
  server: TestServer;
  file: string;
  part: string;
  /** Received bytes of every progress update. */
  updates: number[];
  download: (more?: { stall?: number; attempts?: number }) => Promise<void>;
}

async function withServer(body: (setting: Setting) => Promise<void>): Promise<void> {
  await inTemporaryDirectory(async (directory) => {
    await using server = await startServer();
    server.files.set("x.bin", CONTENTS);
    const file = path.join(directory, "sub", "x.bin");
    const updates: number[] = [];
    const progress = { update: (received: number) => updates.push(received), stop: () => {} };
    const download = (more = {}) =>
      downloadFile({ url: `${server.url}x.bin`, file, progress, pause: 1, attempts: 3, ...more });
    await body({ server, file, part: `${file}.part`, updates, download });
    const left = fs.existsSync(file) ? fs.readdirSync(path.dirname(file)) : ["x.bin"];
    assert.deepEqual(left, ["x.bin"], "nothing but the finished file stays");
  });
}

function assertComplete(file: string): void {
  assert.deepEqual(new Uint8Array(fs.readFileSync(file)), CONTENTS);
}

Deno.test("a file arrives whole, with progress up to its end", async () => {
  await withServer(async ({ server, file, updates, download }) => {
    await download();
    assertComplete(file);
    assert.deepEqual(server.requests, ["x.bin -"]);
    assert.equal(updates[0], 0);
    assert.equal(updates.at(-1), CONTENTS.length);
  });
});

Deno.test("a connection that drops half way is continued with Range", async () => {
  await withServer(async ({ server, file, updates, download }) => {
    server.faults.set("x.bin", [{ dropAfter: 20_000 }, { dropAfter: 10_000 }, { status: 503 }]);
    await download();
    assertComplete(file);
    assert.deepEqual(server.requests.length, 4);
    const starts = server.requests.slice(1).map((r) => Number(/bytes=(\d+)-/.exec(r)?.[1]));
    assert.ok(starts[0]! > 0 && starts[0]! <= 20_000, String(starts));
    assert.ok(starts[1]! > starts[0]!, String(starts));
    assert.ok(updates.includes(starts[0]!));
  });
});

Deno.test("a later call continues the part, and never shows an incomplete file", async () => {
  await withServer(async ({ server, file, part, download }) => {
    server.faults.set("x.bin", [{ dropAfter: 9000 }, { status: 500 }, { status: 500 }, {
      status: 500,
    }]);
    await assert.rejects(download(), (error: Error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.match(error.message, /broke off at 0\.0 MB .*answers 500.*continues from there/);
      return true;
    });
    assert.ok(!fs.existsSync(file));
    const kept = fs.statSync(part).size;
    assert.ok(kept > 0);
    await download();
    assertComplete(file);
    assert.equal(server.requests.at(-1), `x.bin bytes=${kept}-`);
  });
});

Deno.test("a changed file on the server is fetched anew, with and without ETag", async () => {
  const old = CONTENTS.slice(0, 30_000).map((byte) => byte ^ 1);
  for (const [before, after] of [['"v1"', '"v2"'], [undefined, undefined]]) {
    await withServer(async ({ server, file, download }) => {
      server.etag = before;
      server.files.set("x.bin", old);
      server.faults.set("x.bin", [{ dropAfter: 9000 }, ...Array(3).fill({ status: 500 })]);
      await assert.rejects(download());
      server.etag = after;
      server.files.set("x.bin", CONTENTS);
      await download();
      assertComplete(file);
    });
  }
});

Deno.test("a server without Range sends the whole file again", async () => {
  await withServer(async ({ server, file, download }) => {
    server.ranges = false;
    server.faults.set("x.bin", [{ dropAfter: 9000 }]);
    await download();
    assertComplete(file);
  });
});

Deno.test("a complete part (416) is accepted, a part that is too long is deleted", async () => {
  for (const extra of [0, 10]) {
    await withServer(async ({ server, file, part, download }) => {
      fs.mkdirSync(path.dirname(part));
      fs.writeFileSync(part, new Uint8Array([...CONTENTS, ...new Uint8Array(extra)]));
      const version = { validator: '"v1"', total: CONTENTS.length };
      fs.writeFileSync(`${part}.json`, JSON.stringify(version));
      await download();
      assertComplete(file);
      const first = `x.bin bytes=${CONTENTS.length + extra}-`;
      assert.deepEqual(server.requests, extra === 0 ? [first] : [first, "x.bin -"]);
    });
  }
});

Deno.test("a part of unknown origin is not continued", async () => {
  await withServer(async ({ server, file, part, download }) => {
    fs.mkdirSync(path.dirname(part));
    fs.writeFileSync(part, "something else");
    await download();
    assertComplete(file);
    assert.deepEqual(server.requests, ["x.bin -"]);
  });
});

Deno.test("a connection without data is closed, and the download continued", async () => {
  await withServer(async ({ server, file, download }) => {
    server.faults.set("x.bin", [{ stallAfter: 5000 }]);
    await download({ stall: 500 });
    assertComplete(file);
    assert.match(server.requests[1]!, /bytes=5000-/);
  });
});

Deno.test("a refusal is final; the message names an unreachable server", async () => {
  await withServer(async ({ server, download }) => {
    server.faults.set("x.bin", [{ status: 403 }]);
    await assert.rejects(download(), (error: Error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /Cannot download http.*x\.bin: the server answers 403/);
      return true;
    });
    assert.equal(server.requests.length, 1);
  });
  await inTemporaryDirectory(async (directory) => {
    const progress = { update: () => {}, stop: () => {} };
    const file = path.join(directory, "x");
    // Port 1 is reserved: nothing listens there.
    const url = "http://127.0.0.1:1/x";
    await assert.rejects(
      downloadFile({ url, file, progress, attempts: 2, pause: 1 }),
      /Cannot down/,
    );
    assert.deepEqual(fs.readdirSync(directory), []);
  });
});
