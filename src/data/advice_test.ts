import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { adviser, explainAll, explainAssumed, inOptions } from "./advice.ts";
import { BadRecord } from "./problem.ts";

Deno.test("a bad record keeps its facts apart from the advice, which an audience words", () => {
  const error = new BadRecord(
    "implausible",
    { fact: "it spans 2000 mV", remedy: { kind: "unit", unit: "uV" } },
    "33 % of it is a flat line",
  );
  assert.equal(error.message, "it spans 2000 mV; 33 % of it is a flat line");
  assert.equal(
    error.explain(inOptions),
    "it spans 2000 mV: if its numbers are uV, say --units uV; 33 % of it is a flat line",
  );
  assert.equal(
    error.explain(({ kind }) => kind.toUpperCase()),
    "it spans 2000 mV: UNIT; 33 % of it is a flat line",
  );
});

Deno.test("an audience has names for the settings, and words of its own", () => {
  const each = (name: string) => `the ${name}`;
  const ours = adviser({
    ...{ rate: each("rate"), units: each("unit"), gain: each("gain"), lead: each("lead") },
    ...{ baseline: each("zero"), "max-gap": each("gap") },
  }, { "omit-rate": "trust the file" });
  assert.deepEqual(
    explainAll([
      { fact: "two rates", remedy: { kind: "omit-rate" } },
      { fact: "three leads called a", remedy: { kind: "lead-number", number: 2 } },
      { fact: "a fact" },
    ], ours),
    [
      "two rates: trust the file",
      "three leads called a: choose one by number, the lead 2",
      "a fact",
    ],
  );
  assert.deepEqual(
    explainAssumed([{ fact: "250 Hz", remedy: { kind: "another-rate" } }, { fact: "ms" }], ours),
    ["250 Hz (the rate says another)", "ms"],
  );
});

Deno.test("no reader of recordings names an option", () => {
  const folder = new URL("./formats/", import.meta.url);
  const readers = readdirSync(folder).filter((name) => /(?<!_test|testing)\.ts$/.test(name));
  assert.ok(readers.length > 20);
  for (const name of readers) {
    const code = readFileSync(new URL(name, folder), "utf8").replace(/\/\*\*[^]*?\*\/|\/\/.*/g, "");
    assert.doesNotMatch(code, /--[a-z]/, name);
  }
});
