import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  removeTemporaryFiles,
  statIfThere,
  writeFileAtomic,
  writeFilesAtomic,
  writeFolderAtomic,
  writeJson,
} from "./files.ts";

function inDirectory(body: (directory: string) => void): void {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "files-"));
  try {
    body(directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

Deno.test("text, bytes and pieces are written whole, and directories are made", () => {
  inDirectory((directory) => {
    const file = path.join(directory, "a", "b", "text");
    writeFileAtomic(file, "ünï");
    assert.equal(fs.readFileSync(file, "utf8"), "ünï");
    writeFileAtomic(file, Uint8Array.of(1, 2));
    assert.deepEqual([...fs.readFileSync(file)], [1, 2]);
    writeFileAtomic(file, [Uint8Array.of(3), new Uint8Array(0), Uint8Array.of(4, 5)]);
    assert.deepEqual([...fs.readFileSync(file)], [3, 4, 5]);
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ["text"]);
  });
});

Deno.test("pieces of every size come out in order", () => {
  inDirectory((directory) => {
    const file = path.join(directory, "pieces");
    const sizes = [0, 1, 65_535, 1, 65_536, 65_537, 3, 200_000, 0, 40_000, 40_000, 7];
    const pieces = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
    writeFileAtomic(file, pieces);
    assert.ok(fs.readFileSync(file).equals(Buffer.concat(pieces)));
  });
});

Deno.test("the old file is moved to the given path and replaces any file there", () => {
  inDirectory((directory) => {
    const [file, previous] = [path.join(directory, "latest"), path.join(directory, "previous")];
    for (const text of ["1", "2", "3"]) writeFileAtomic(file, text, { previous });
    assert.equal(fs.readFileSync(file, "utf8"), "3");
    assert.equal(fs.readFileSync(previous, "utf8"), "2");
    assert.deepEqual(fs.readdirSync(directory).sort(), ["latest", "previous"]);
  });
});

Deno.test("only the temporary files of writes are removed", () => {
  inDirectory((directory) => {
    const kept = [".hidden", "a.tmp", ".a.tmp", ".a.b.c"];
    for (const name of [...kept, ".a.json.12.tmp"]) {
      fs.writeFileSync(path.join(directory, name), "");
    }
    removeTemporaryFiles(directory);
    assert.deepEqual(fs.readdirSync(directory).sort(), kept.sort());
  });
});

Deno.test("JSON ends with a newline and reads back", () => {
  inDirectory((directory) => {
    const file = path.join(directory, "x.json");
    writeJson(file, { a: [1, "~"] });
    const text = fs.readFileSync(file, "utf8");
    assert.ok(text.endsWith("}\n"));
    assert.deepEqual(JSON.parse(text), { a: [1, "~"] });
  });
});

Deno.test("a failure while writing the second file leaves the first as it was", () => {
  inDirectory((directory) => {
    const first = path.join(directory, "first");
    fs.writeFileSync(first, "old");
    fs.writeFileSync(path.join(directory, "file"), "not a directory");
    assert.throws(() =>
      writeFilesAtomic([[first, "new"], [path.join(directory, "file", "second"), "new"]])
    );
    assert.equal(fs.readFileSync(first, "utf8"), "old");
    assert.deepEqual(fs.readdirSync(directory).sort(), ["file", "first"]);
  });
});

Deno.test("a failed rename removes the temporary file", () => {
  inDirectory((directory) => {
    const target = path.join(directory, "target");
    fs.mkdirSync(path.join(target, "occupied"), { recursive: true });
    assert.throws(() => writeFileAtomic(target, "x"));
    assert.deepEqual(fs.readdirSync(directory), ["target"]);
  });
});

Deno.test("a folder in the place of a file is the user's mistake, and stays", () => {
  inDirectory((directory) => {
    const folder = path.join(directory, "folder");
    fs.mkdirSync(folder);
    const other = path.join(directory, "other");
    assert.throws(() => writeFilesAtomic([[other, "1"], [folder, "2"]]), {
      name: "UsageError",
      message: `Cannot write ${folder}: it is a folder; name a file`,
    });
    assert.deepEqual(fs.readdirSync(directory), ["folder"]);
  });
});

Deno.test("a file that cannot be made is reported by its own name, in words", () => {
  inDirectory((directory) => {
    const long = path.join(directory, "x".repeat(300));
    assert.throws(() => writeFileAtomic(long, "1"), {
      name: "Failure",
      message: `Cannot write ${long}: the name is too long (ENAMETOOLONG)`,
    });
    assert.deepEqual(fs.readdirSync(directory), []);
  });
});

Deno.test("a path through a file is the user's mistake, and nothing is written", () => {
  inDirectory((directory) => {
    const file = path.join(directory, "file");
    fs.writeFileSync(file, "kept");
    const below = path.join(file, "x");
    const refusal = {
      name: "UsageError",
      message: `Cannot write ${below}: a part of this path is a file, not a folder`,
    };
    assert.throws(() => writeFileAtomic(below, "1"), refusal);
    assert.throws(() => writeFolderAtomic(below, [["x", "1"]]), refusal);
    assert.equal(statIfThere(below), undefined);
    assert.equal(statIfThere(file)?.isFile(), true);
    assert.deepEqual(fs.readdirSync(directory), ["file"]);
    assert.equal(fs.readFileSync(file, "utf8"), "kept");
  });
});
