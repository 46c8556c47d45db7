import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { createRng } from "../core/rng.ts";
import { fuzz, problemOf, REGRESSIONS, withScratch } from "./fuzz.ts";
import { parsers } from "./parsers.ts";

Deno.test("parsers answer mutated inputs or refuse them in a sentence", () =>
  withScratch((directory) => {
    const rng = createRng(12, "fuzz");
    for (const target of parsers(directory)) {
      for (const seed of target.seeds) assert.doesNotThrow(() => target.parse(seed), target.name);
      assert.deepEqual(fuzz(target, { count: 500, rng }), []);
    }
  }));

Deno.test("inputs that once were answered wrongly no longer are", () =>
  withScratch((directory) => {
    const files = fs.existsSync(REGRESSIONS) ? fs.readdirSync(REGRESSIONS).sort() : [];
    const targets = new Map(
      parsers(directory).map((target) => [target.name.replaceAll(" ", "-"), target]),
    );
    for (const file of files) {
      const target = targets.get(file.split(".")[0]!);
      assert.ok(target, `${file} is of no parser`);
      const bytes = new Uint8Array(fs.readFileSync(path.join(REGRESSIONS, file)));
      assert.equal(problemOf(target, bytes), null, file);
    }
  }));
