import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { messageOf } from "../../src/core/errors.ts";
import { createRng } from "../../src/core/rng.ts";
import { fuzz, problemOf, REGRESSIONS, withScratch } from "./fuzz.ts";
import { fuzzPart } from "./fuzz_part.ts";
import { parsers } from "./parsers.ts";

Deno.test("parsers accept mutated inputs or refuse them with one sentence", () =>
  withScratch((directory) => {
    const rng = createRng(12, "fuzz");
    for (const target of parsers(directory)) {
      for (const seed of target.seeds) assert.doesNotThrow(() => target.parse(seed), target.name);
      const before = target.seeds.map((seed) => Uint8Array.from(seed));
      const { accepted, findings } = fuzz(target, { count: 300, rng });
      assert.deepEqual(findings, []);
      for (const [i, seed] of target.seeds.entries()) {
        assert.deepEqual(Uint8Array.from(seed), before[i], `a seed of ${target.name} is changed`);
      }
      // Inputs that all fail the first check would test little.
      assert.ok(accepted > 3, `${target.name} accepts ${accepted} of 300`);
    }
  }));

Deno.test("inputs made within the structure of a file pass a parser's first check", () =>
  withScratch((directory) => {
    for (const { name, seeds, remake, parse } of parsers(directory)) {
      if (!remake) continue;
      const rng = createRng(5, "remake");
      const inputs = Array.from({ length: 300 }, () => remake(seeds[0]!, rng));
      const texts = new Set(inputs.map((bytes) => String(bytes)));
      assert.ok(texts.size > 100, `${name}: only ${texts.size} different inputs`);
      assert.deepEqual(remake(seeds[0]!, createRng(5, "remake")), inputs[0], name);
      const reasons = inputs.map((bytes) => {
        try {
          parse(bytes);
          return "";
        } catch (error) {
          return messageOf(error);
        }
      });
      const atTheDoor = reasons.filter((why) => /not JSON|checksum|header is not/.test(why)).length;
      assert.ok(atTheDoor < 30, `${name}: ${atTheDoor} of 300 are refused at the first check`);
    }
  }));

Deno.test("the fuzzing part does the requested number of inputs on several threads, and counts them", async () => {
  const notes: string[] = [];
  const [row] = await fuzzPart({
    ...{ inputs: 400, parsers: [], jobs: 2, rng: createRng(1, "part"), directory: "", data: "" },
    ...{ kills: 0, minutes: 0, repeats: 0, note: (text: string) => notes.push(text) },
  });
  assert.deepEqual(row!.findings, []);
  assert.ok(row!.count >= 400 && row!.count < 400 + notes.length, String(row!.count));
  assert.match(row!.detail!, /^[1-9]\d* accepted, [1-9]\d* refused$/);
});

Deno.test("inputs with a former finding have none now", () =>
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
