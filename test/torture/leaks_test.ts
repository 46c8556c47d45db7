import assert from "node:assert/strict";
import { leakRows } from "./leaks.ts";

Deno.test("native memory and file handles are released", async () => {
  for (const { what, findings } of await leakRows(0.05)) assert.deepEqual(findings, [], what);
});
