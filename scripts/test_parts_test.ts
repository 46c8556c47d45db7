import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { partOf, PARTS, SLOW } from "./test_parts.ts";

Deno.test("every slow test exists, so that no part is empty", () => {
  for (const name of SLOW) {
    assert.ok(fs.existsSync(path.join(import.meta.dirname!, "..", name)), name);
  }
});

Deno.test("without a part everything runs, and arguments are passed on", () => {
  assert.deepEqual(partOf(["--filter", "x"]), { part: PARTS.all, rest: ["--filter", "x"] });
  assert.deepEqual(partOf(["--part=unit", "src/data"]), { part: PARTS.unit, rest: ["src/data"] });
  assert.throws(() => partOf(["--part=some"]), /no part some; expected one of unit, slow/);
});
