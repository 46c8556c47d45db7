import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../core/errors.ts";
import { loadAddon, loadAddonFrom } from "./addon.ts";

Deno.test("the addon tells its build settings, and is loaded once", () => {
  assert.match(loadAddon().buildInfo, /^\w+ \d+.*, Release$/);
  assert.equal(loadAddon(), loadAddon());
});

Deno.test("an addon that was not built is a failure that names the command", () => {
  assert.throws(
    () => loadAddonFrom("/nowhere/lth.node"),
    (error) =>
      error instanceof Failure && /\/nowhere\/lth\.node .*deno task build/.test(error.message),
  );
});

Deno.test("a file that is no addon is a failure that names the command", () => {
  const path = join(tmpdir(), `lth-${crypto.randomUUID()}.node`);
  writeFileSync(path, "not a library");
  try {
    assert.throws(
      () => loadAddonFrom(path),
      (error) => error instanceof Failure && /does not load .*deno task build/.test(error.message),
    );
  } finally {
    rmSync(path);
  }
});
