import assert from "node:assert/strict";
import { resolve } from "node:path";
import { checkLengths } from "./check_lengths.ts";

Deno.test("no file is longer than it has a reason to be", () => {
  assert.deepEqual(checkLengths(resolve(import.meta.dirname!, "..")), []);
});
