import assert from "node:assert/strict";
import { counted } from "./counted.ts";

Deno.test("one thing has no s, none and several have one", () => {
  assert.deepEqual([0, 1, 2].map((count) => counted(count, "gap")), ["0 gaps", "1 gap", "2 gaps"]);
});

Deno.test("a verb follows its noun", () => {
  const were = (count: number) => counted(count, "record", ["was", "were"]);
  assert.deepEqual([0, 1, 2].map(were), ["0 records were", "1 record was", "2 records were"]);
});
