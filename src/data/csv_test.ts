import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { parseCsv } from "./csv.ts";

Deno.test("cells are trimmed; CRLF, blank lines and a byte-order mark do not matter", () => {
  assert.deepEqual(parseCsv('\uFEFFa, b\r\n\r\nc,"d, e"\r\n""\r\n  \r\nf\r\n', "x"), [
    { line: 1, cells: ["a", "b"] },
    { line: 3, cells: ["c", "d, e"] },
    { line: 6, cells: ["f"] },
  ]);
  assert.deepEqual(parseCsv("", "x"), []);
  assert.deepEqual(parseCsv("a,\n", "x"), [{ line: 1, cells: ["a", ""] }]);
});

Deno.test("a quote that does not close is refused by file name", () => {
  assert.throws(() => parseCsv('a,"b\nc', "some.csv"), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /some\.csv.*quote/i);
    return true;
  });
});
