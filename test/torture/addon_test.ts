import assert from "node:assert/strict";
import { createRng } from "../../src/core/rng.ts";
import { fuzzAddon } from "./addon.ts";

Deno.test("random calls of the addon throw only what it documents, and it survives them", async () => {
  assert.deepEqual(await fuzzAddon({ count: 4000, rng: createRng(3, "calls") }), []);
});
