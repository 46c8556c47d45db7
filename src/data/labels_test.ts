import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { type LabelColumns, type LabelTable, readLabels } from "./labels.ts";
import { inTemporaryDirectory } from "./testing.ts";

async function labelsOf(text: string | Uint8Array, recordings: string[] = []) {
  let rows: ReturnType<typeof readLabels>["rows"] = [];
  await inTemporaryDirectory((directory) => {
    const file = path.join(directory, "labels.csv");
    fs.writeFileSync(file, text);
    rows = readLabels(file, (id) => recordings.includes(id)).rows;
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

Deno.test("class names may be any text; empty labels and repeated ids are left to the caller", async () => {
  assert.deepEqual(await labelsOf("a,Atrial fibrillation\na,\n"), [
    { id: "a", label: "Atrial fibrillation" },
    { id: "a", label: "" },
  ]);
});

Deno.test("a first line that names a recording is not a header", async () => {
  assert.deepEqual(await labelsOf("ecg,type\nb,N\n", ["ecg", "b"]), [
    { id: "ecg", label: "type" },
    { id: "b", label: "N" },
  ]);
});

Deno.test("files that are not label files are refused by name", async () => {
  const cases: [text: string | Uint8Array, message: RegExp][] = [
    ["", /lists no records/],
    ["id,label\n", /lists no records/],
    ["a,N\nb;N\n", /line 2 has 1 columns/],
    ["a\nb\n", /its first line has 1 column, expected at least two/],
    [Uint8Array.of(0x61, 0x2c, 0xe9, 0, 0x0a), /not text/],
  ];
  for (const [text, message] of cases) {
    await assert.rejects(() => labelsOf(text), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /labels\.csv/);
      return true;
    });
  }
  assert.throws(() => readLabels("/nonexistent/x.csv", () => true), /no such file.*--labels/);
});

/** Rows of a label file in `text`, its notes, and how it is read. */
async function tableOf(text: string | Uint8Array, columns: LabelColumns = {}) {
  let table: LabelTable | undefined;
  await inTemporaryDirectory((directory) => {
    const file = path.join(directory, "labels.csv");
    fs.writeFileSync(file, text);
    table = readLabels(file, () => false, columns);
  });
  return table!;
}

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const utf16 = (text: string) =>
  new Uint8Array(Uint16Array.from(text, (l) => l.charCodeAt(0)).buffer);

Deno.test("comma, semicolon, tab; UTF-8, UTF-16, Latin-1; quotes; Excel's sep line: the same rows", async () => {
  const rows = [{ id: "ä1", label: "a, b" }, { id: "b2", label: "x; y" }];
  for (const cut of [",", ";", "\t"]) {
    const text = [["id", "label"], ["ä1", "a, b"], ["b2", "x; y"]]
      .map((cells) => cells.map((cell) => `"${cell}"`).join(cut)).join("\r\n");
    for (const bytes of [text, "\uFEFF" + text, utf16("\uFEFF" + text), utf16(text), latin(text)]) {
      const table = await tableOf(bytes);
      assert.deepEqual(table.rows, rows, JSON.stringify([cut, text]));
      assert.deepEqual(table.notes, []);
    }
    assert.deepEqual((await tableOf(`sep=${cut}\n${text}`)).rows, rows);
  }
});

Deno.test("columns are found by known names in the header, or by name or number; others are ignored", async () => {
  const text = "age;Recording;Rhythm;patient;strat_fold\n71;a;N;p1;3\n;b;A;p2;10\n";
  assert.deepEqual((await tableOf(text)).rows, [{ id: "a", label: "N" }, { id: "b", label: "A" }]);
  const all = await tableOf(text, { group: "Patient", fold: "strat_fold" });
  assert.deepEqual(all.rows, [
    { id: "a", label: "N", group: "p1", fold: "3" },
    { id: "b", label: "A", group: "p2", fold: "10" },
  ]);
  assert.deepEqual(all.header, ["age", "Recording", "Rhythm", "patient", "strat_fold"]);
  assert.deepEqual((await tableOf(text, { label: "patient" })).rows[0], { id: "a", label: "p1" });
  assert.deepEqual((await tableOf(text, { id: "1", label: "5" })).rows[0], {
    id: "71",
    label: "3",
  });
  assert.deepEqual((await tableOf("label,file\nN,a.mat\n")).rows, [{ id: "a", label: "N" }]);
  const bare = await tableOf("a,N,p1\nb,A,p1\n", { group: "3" });
  assert.deepEqual(bare.rows[1], { id: "b", label: "A", group: "p1" });
  assert.equal(bare.header, undefined);
  assert.match(
    bare.notes[0]!,
    /3 columns and no header: the first was taken as the id and the second/,
  );
  // Cells that are not needed may be missing at a line's end.
  assert.equal((await tableOf("record,label,note\na,N\nb,A,x,y\n")).rows.length, 2);
});

Deno.test("unknown columns are refused, and the message says what would work", async () => {
  const cases: [text: string, columns: LabelColumns, message: RegExp][] = [
    [
      "id,record,label\na,b,N\n",
      {},
      /columns id, record could be the id; name it with --id-column/,
    ],
    [
      "id,age,sex\na,1,M\n",
      {},
      /none of its columns id, age, sex is known to be the label.*--label-/,
    ],
    ["id,label\na,N\n", { label: "x" }, /no column "x": it has id, label/],
    ["a,N\n", { id: "3" }, /no column "3": it has no header, and columns 1 to 2/],
    ["a,N,x\n", { id: "2", label: "2" }, /column 2 cannot be both/],
    ["record,age,label\na,1\n", {}, /line 2 has 2 columns, expected at least 3/],
  ];
  for (const [text, columns, message] of cases) {
    await assert.rejects(() => tableOf(text, columns), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});
