import assert from "node:assert/strict";
import { inOptions, REMEDIES } from "../../data/advice.ts";
import { fieldName, FIELDS, inFields } from "./fields.ts";

Deno.test("the page tells advice in its fields, the command line in its options", () => {
  const remedy = { kind: "choose-lead" } as const;
  assert.equal(inFields(remedy), "choose one with “Lead”");
  assert.equal(inOptions(remedy), "choose one with --lead");
  assert.equal(inFields({ kind: "give-rate" }), "fill in “Rate”");
  assert.equal(inFields({ kind: "omit-rate" }), "leave “Rate” empty");
  assert.equal(inFields({ kind: "unit", unit: "uV" }), "if its numbers are uV, say “Unit” uV");
});

Deno.test("advice for every remedy names an option, or a field, and never both", () => {
  const names = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
  for (const remedy of REMEDIES) {
    const [option, field] = [inOptions(remedy), inFields(remedy)];
    assert.match(option, /--[a-z]/, remedy.kind);
    assert.doesNotMatch(option, /[“”]/, remedy.kind);
    assert.doesNotMatch(field, /--/, remedy.kind);
    assert.ok(names.some((name) => field.includes(fieldName(name))), field);
  }
});
