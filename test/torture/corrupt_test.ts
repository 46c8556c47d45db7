import assert from "node:assert/strict";
import { createRng } from "../../src/core/rng.ts";
import { withToyDataset } from "../../src/run/testing.ts";
import { corruptRuns } from "./corrupt.ts";

Deno.test("a resumed run with a damaged file ends bit-equal or is refused, for any file and damage", () =>
  withToyDataset(async ({ directory, data }) => {
    const rng = createRng(8, "damaged files");
    const [row] = await corruptRuns(
      { directory, data, rng, note: () => {} },
      { repeats: 1, runs: ["middle"] },
    );
    assert.deepEqual(row!.findings, []);
    assert.ok(row!.count > 100, `only ${row!.count}`);
    assert.match(row!.detail!, /^[1-9]\d* ended bit-equal, [1-9]\d* refused$/);
  }));
