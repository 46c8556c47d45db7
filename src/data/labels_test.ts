import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { readLabels } from "./labels.ts";
import { inTemporaryDirectory } from "./testing.ts";

async function labelsOf(text: string | Uint8Array, recordings: string[] = []) {
  let rows: ReturnType<typeof readLabels> = [];
  await inTemporaryDirectory((directory) => {
    const file = path.join(directory, "labels.csv");
    fs.writeFileSync(file, text);
    rows = readLabels(file, (id) => recordings.includes(id));
  });
  return rows;
}

const TWO = [{ id: "A00002", label: "N" }, { id: "A00001", label: "~" }];

Deno.test("rows keep their order; header, CRLF and extensions make no difference", async () => {
  assert.deepEqual(await labelsOf("A00002,N\nA00001,~\n"), TWO);
  assert.deepEqual(await labelsOf("Recording,Label\r\nA00002,N\r\n\r\nA00001,~"), TWO);
  assert.deepEqual(await labelsOf("id,x\nA00002.mat,N\nA00001.csv , ~\n"), TWO);
  assert.deepEqual(await labelsOf("\uFEFFkey,class\nA00002,N\nA00001,~\n"), TWO);
});

Deno.test("class names are free, empty labels and repeated ids are left to the caller", async () => {
  assert.deepEqual(await labelsOf("a,Atrial fibrillation\na,\n"), [
    { id: "a", label: "Atrial fibrillation" },
    { id: "a", label: "" },
  ]);
});

Deno.test("a first line that names a recording is no header", async () => {
  assert.deepEqual(await labelsOf("ecg,type\nb,N\n", ["ecg", "b"]), [
    { id: "ecg", label: "type" },
    { id: "b", label: "N" },
  ]);
});

Deno.test("files that are no label files are refused by name", async () => {
  const cases: [text: string | Uint8Array, message: RegExp][] = [
    ["", /lists no records/],
    ["id,label\n", /lists no records/],
    ["a,N\nb;N\n", /line 2 has 1 columns/],
    ["a,N,1\n", /line 1 has 3 columns/],
    [Uint8Array.of(0x61, 0x2c, 0xe9), /not UTF-8/],
  ];
  for (const [text, message] of cases) {
    await assert.rejects(() => labelsOf(text), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /labels\.csv/);
      return true;
    });
  }
  assert.throws(() => readLabels("/nonexistent/x.csv", () => true), /ENOENT.*--labels/);
});
