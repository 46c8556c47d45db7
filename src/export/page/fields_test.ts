import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fieldName, withFields } from "./fields.ts";

Deno.test("sentences of readers name fields of the page", () => {
  assert.equal(
    withFields("it has the leads 1, 2: choose one with --lead"),
    "it has the leads 1, 2: choose one with “Lead”",
  );
  assert.equal(
    withFields("1 s are missing at 2 s, more than --max-gap 0.5 bridges; say --units mV"),
    "1 s are missing at 2 s, more than “Gap” 0.5 bridges; say “Unit” mV",
  );
  assert.equal(fieldName("rate"), "“Rate”");
  assert.equal(withFields("from -2 to 3, a--b"), "from -2 to 3, a--b");
});

Deno.test("every option that a reader of recordings names is a field of the page", () => {
  const folder = new URL("../../data/formats/", import.meta.url);
  const said = readdirSync(folder).filter((name) => /(?<!_test|testing)\.ts$/.test(name))
    .flatMap((name) =>
      [...readFileSync(new URL(name, folder), "utf8").matchAll(/["`][^"`\n]*--[a-z][^"`\n]*["`]/g)]
        .map(([text]) => text)
    ).filter((text) => !text.includes("--json")); // says that a list was cut, never for one recording
  assert.ok(said.length > 10);
  for (const text of said) assert.doesNotMatch(withFields(text), /\s--[a-z]/);
});
