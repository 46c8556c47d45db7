import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../src/core/errors.ts";
import { inTemporaryDirectory } from "../src/data/testing.ts";
import { pythonCandidates, pythonWithTorch } from "./python.ts";

function script(directory: string, text: string): string {
  fs.mkdirSync(directory, { recursive: true });
  const file = path.join(directory, "python3");
  fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

Deno.test("every python3 of the PATH is tried, then the system's, each once", () =>
  inTemporaryDirectory((directory) => {
    const first = script(path.join(directory, "a"), "exit 1");
    const second = script(path.join(directory, "b"), "exit 0");
    const search = ["a", "none", "b", "a"].map((name) => path.join(directory, name)).join(":");
    assert.deepEqual(pythonCandidates(search), [first, second, "/usr/bin/python3"]);
    assert.deepEqual(pythonCandidates("/usr/bin"), ["/usr/bin/python3"]);
    return Promise.resolve();
  }));

Deno.test("the first Python that imports torch is taken; without one a sentence says so", () =>
  inTemporaryDirectory(async (directory) => {
    const without = script(path.join(directory, "a"), "exit 1");
    const withTorch = script(path.join(directory, "b"), "exit 0");
    assert.equal(await pythonWithTorch(["/nowhere/python3", without, withTorch]), withTorch);
    await assert.rejects(
      pythonWithTorch([without]),
      (error) => error instanceof UsageError && error.message.includes(without),
    );
  }));
