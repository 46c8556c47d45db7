import assert from "node:assert/strict";
import { createRng } from "../../src/core/rng.ts";
import { fuzzAddon } from "./addon.ts";

Deno.test("random calls of the addon throw only documented errors, and the addon still works afterwards", async () => {
  assert.deepEqual(await fuzzAddon({ count: 4000, rng: createRng(3, "calls") }), []);
});
