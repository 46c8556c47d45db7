import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { csvText } from "./csv.ts";

Deno.test("a table comes back from CSV as it was, null as empty", () => {
  const text = csvText({
    columns: [{ label: "Class, true", kind: "text" }, { label: "F1", kind: "score" }],
    rows: [[`a "b"\nc`, 1 / 3], ["x", null]],
  });
  assert.ok(text.endsWith("\r\n"));
  assert.deepEqual(parse(text), [["Class, true", "F1"], [`a "b"\nc`, String(1 / 3)], ["x", ""]]);
});

Deno.test("text that looks like a formula is not one in a spreadsheet, numbers stay numbers", () => {
  const text = csvText({
    columns: [{ label: "x", kind: "text" }],
    rows: [["=HYPERLINK(1)"], ["@a"], [-1.5]],
  });
  assert.equal(text, "x\r\n'=HYPERLINK(1)\r\n'@a\r\n-1.5\r\n");
});
