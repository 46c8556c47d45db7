import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { listSource, readRecords } from "./source.ts";
import { inTemporaryDirectory } from "./testing.ts";

/** Makes empty files, with text where one is given. */
function make(directory: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
}

function idsOf(directory: string, labelFile = "none"): [string[], string[]] {
  const { files, unlisted } = listSource(directory, { labelFile });
  return [[...files.keys()], unlisted];
}

Deno.test("folders are searched to any depth; label files and hidden files are not recordings", async () => {
  await inTemporaryDirectory((directory) => {
    make(directory, {
      ...{ "b.mat": "", "a/c.MAT": "", "a/deep/er/d.csv": "", "labels.csv": "", "a/.x.mat": "" },
      ...{ ".hidden/x.mat": "", "a/REFERENCE.csv": "", "REFERENCE-v3.csv": "", "notes.md": "" },
    });
    fs.symlinkSync(directory, path.join(directory, "a/circle"));
    const [ids] = idsOf(directory, path.join(directory, "labels.csv"));
    assert.deepEqual(ids.sort(), ["a/c", "a/deep/er/d", "b"]);
    const { files } = listSource(directory, {
      labelFile: path.join(directory, "labels.csv"),
    });
    assert.deepEqual(files.get("a/c"), [path.join(directory, "a/c.MAT")]);
  });
});

Deno.test("a folder without recordings is refused with what it holds instead", async () => {
  await inTemporaryDirectory((directory) => {
    const refused = (message: RegExp) =>
      assert.throws(() => listSource(directory, { advice: "name another" }), message);
    refused(/holds no recordings \(.mat, .*\), and the folders below it hold none: name another$/);
    make(directory, { "a/1.wav": "", "a/2.WAV": "", "labels.csv": "1,N\n2,A\n" });
    refused(/hold none; there are 2 \.wav files: name another$/);
    make(directory, { "all.zip": "" });
    refused(/there are 2 \.wav files, 1 \.zip file, which must be unpacked first: name another$/);
  });
});

Deno.test("RECORDS lists records and folders, with or without endings, for its folder and below", async () => {
  await inTemporaryDirectory((directory) => {
    make(directory, {
      ...{ "A00/A1.mat": "", "A00/A2.mat": "", "A01/B1.mat": "", "A01/B2.mat": "", "C.mat": "" },
      ...{ "A02/D1.mat": "", "A03/E1.mat": "", "A03/E2.mat": "" },
      "A03/RECORDS": "E1\n",
      RECORDS: "\uFEFFA00/A2\r\n./A00/A1.mat\r\n\r\nA01/\r\nA03/\r\nA09/none\r\n",
    });
    const { files, unlisted } = listSource(directory);
    assert.deepEqual(
      [...files.keys()],
      ["A00/A2", "A00/A1", "A01/B1", "A01/B2", "A03/E1", "A09/none"],
    );
    assert.deepEqual(files.get("A09/none"), []);
    assert.deepEqual(unlisted.sort(), ["A02/D1", "A03/E2", "C"]);
    // Without a list above it, a folder's own list is what counts there and nowhere else.
    fs.rmSync(path.join(directory, "RECORDS"));
    const [ids, others] = idsOf(directory);
    assert.deepEqual(ids.sort(), [
      ...["A00/A1", "A00/A2", "A01/B1", "A01/B2", "A02/D1", "A03/E1", "C"],
    ]);
    assert.deepEqual(others, ["A03/E2"]);
  });
});

Deno.test("a RECORDS file cannot lead out of its folder", async () => {
  await inTemporaryDirectory((directory) => {
    const file = path.join(directory, "RECORDS");
    for (const line of ["../x", "/etc/passwd", "a/../../x", "..", ".", "a\0b"]) {
      fs.writeFileSync(file, `ok\n${line}\n`);
      assert.throws(() => readRecords(file), (error: Error) => {
        assert.ok(error instanceof UsageError, line);
        assert.match(error.message, /RECORDS: it names .* expected a record in its own folder/);
        return true;
      });
    }
    fs.writeFileSync(file, "a/../b\nc");
    assert.deepEqual(readRecords(file), ["b", "c"]);
  });
});
