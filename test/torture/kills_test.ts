import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { createRng } from "../../src/core/rng.ts";
import { MODES } from "../../src/config/modes.ts";
import { withToyDataset } from "../../src/run/testing.ts";
import { killsInEveryMode } from "./kills.ts";

Deno.test("signals at any time of a run lose no results, in any mode", () =>
  withToyDataset(async ({ directory, data }) => {
    const own = path.join(directory, "part");
    fs.mkdirSync(own);
    const rng = createRng(4, "kills");
    const [row] = await killsInEveryMode({ data, directory: own, jobs: 2, rng });
    assert.deepEqual(row!.findings, []);
    for (const mode of MODES) assert.match(row!.detail!, new RegExp(`[123] ${mode}`));
    for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"]) assert.ok(row!.detail!.includes(signal));
  }));
