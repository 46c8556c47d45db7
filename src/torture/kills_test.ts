import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { createRng } from "../core/rng.ts";
import { withToyDataset } from "../lottery/testing.ts";
import { killsPart } from "./kills.ts";

Deno.test("signals at random moments, while files are written too, lose nothing", () =>
  withToyDataset(async ({ directory, data }) => {
    const own = path.join(directory, "part");
    fs.mkdirSync(own);
    const rng = createRng(4, "kills");
    const [row] = await killsPart({
      ...{ rng, data, directory: own, kills: 4, inputs: 0, minutes: 0 },
      note: () => {},
    });
    assert.deepEqual(row!.findings, []);
    assert.ok(row!.count >= 4, `only ${row!.count} signals ended a run`);
  }));
