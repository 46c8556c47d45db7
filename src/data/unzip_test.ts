import assert from "node:assert/strict";
import { strToU8, zipSync } from "fflate";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../core/errors.ts";
import { inTemporaryDirectory, noise, snapshot } from "./testing.ts";
import { openZip, unpack } from "./unzip.ts";

const LIMIT = 1e6;

/** The bytes of an archive with a deflated, a stored and an empty file, and a folder entry. */
function archive(): Uint8Array {
  const random = new Uint8Array(noise(500, 1).buffer);
  return zipSync({
    "a/": new Uint8Array(0),
    "a/text.txt": strToU8("hello ".repeat(100)),
    "a/b/raw.bin": [random, { level: 0 }],
    "a/empty": new Uint8Array(0),
    "other/x": strToU8("x"),
  }, { level: 9 });
}

async function withZip(bytes: Uint8Array, body: (file: string, directory: string) => void) {
  await inTemporaryDirectory((directory) => {
    const file = path.join(directory, "x.zip");
    fs.writeFileSync(file, bytes);
    body(file, directory);
  });
}

Deno.test("the files below a folder are unpacked without it", async () => {
  await withZip(archive(), (file, directory) => {
    const out = path.join(directory, "out");
    using zip = openZip(file, { limit: LIMIT });
    assert.equal(unpack(zip, { folder: "a", directory: out }), 3);
    const files = snapshot(out);
    assert.deepEqual([...files.keys()], [path.join("b", "raw.bin"), "empty", "text.txt"]);
    assert.equal(files.get("text.txt"), "hello ".repeat(100));
    assert.deepEqual(
      new Uint8Array(fs.readFileSync(path.join(out, "b", "raw.bin"))),
      new Uint8Array(noise(500, 1).buffer),
    );
  });
});

async function refuses(bytes: Uint8Array, message: RegExp, limit = LIMIT): Promise<void> {
  await withZip(bytes, (file) => {
    assert.throws(() => {
      using zip = openZip(file, { limit });
      for (const entry of zip.entries) zip.read(entry);
    }, (error: Error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("a name that leaves the folder is refused", async () => {
  for (const name of ["../x", "a/../../x", "/etc/x", "a//x", "c:/x", "a\\..\\x", "./x", "a\0b"]) {
    await refuses(zipSync({ [name]: strToU8("x") }), /not a plain path/);
  }
});

Deno.test("absurd or false sizes are refused", async () => {
  await refuses(archive(), /more than 1599/, 1599);
  const zeros = zipSync({ zeros: new Uint8Array(100_000) });
  await refuses(changed(zeros, { at: 24, value: 2 ** 31, size: 4 }), /claims 2147483648 bytes/);
  await refuses(changed(zeros, { at: 24, value: 99_999, size: 4 }), /another length/);
  await refuses(changed(zeros, { at: 24, value: 100_001, size: 4 }), /another length/);
});

Deno.test("every kind of damage is detected", async () => {
  const bytes = archive();
  await refuses(new Uint8Array(0), /no directory at its end/);
  await refuses(bytes.subarray(0, -30), /no directory at its end/);
  await refuses(bytes.subarray(100), /broken|not where its directory says|cut off/);
  await refuses(changed(bytes, { at: 0, value: 0, size: 4 }), /entry 0 of its directory is broken/);
  await refuses(changed(bytes, { at: 8, value: 1, size: 2 }), /encrypted/);
  const text = zipSync({ text: strToU8("hello ".repeat(100)) });
  await refuses(changed(text, { at: 10, value: 12, size: 2 }), /method 12/);
  await refuses(changed(text, { at: 16, value: 1, size: 4 }), /does not match its checksum/);
  await refuses(changed(text, { at: 42, value: 1, size: 4 }), /not where its directory says/);
  await refuses(changed(text, { at: 20, value: 2 ** 31, size: 4 }), /cut off/);
  await refuses(changed(text, { at: 20, value: 150, size: 4 }), /cut off/);
  const data = text.slice();
  data[30 + "text".length] = 0xff;
  await refuses(data, /text does not unpack/);
  const twice = zipSync({ aa: strToU8("x"), ab: strToU8("x") });
  twice.forEach((byte, i) => {
    if (byte === 0x62 && twice[i - 1] === 0x61) twice[i] = 0x61;
  });
  await refuses(twice, /twice/);
});

/** A copy with one number of the directory's first entry replaced. */
function changed(
  bytes: Uint8Array,
  { at, value, size }: { at: number; value: number; size: 2 | 4 },
): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const directory = view.getUint32(copy.length - 22 + 16, true);
  if (size === 2) view.setUint16(directory + at, value, true);
  else view.setUint32(directory + at, value, true);
  return copy;
}
