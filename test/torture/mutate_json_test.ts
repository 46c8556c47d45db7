import assert from "node:assert/strict";
import { createRng } from "../../src/core/rng.ts";
import { mutatedJson } from "./mutate_json.ts";

const VALUE = { a: [1, 2, { b: "text" }], c: { d: null, e: '{"inner": [3]}' }, f: true };

Deno.test("mutations change values everywhere, of every kind, and leave the original alone", () => {
  const rng = createRng(2, "json");
  const original = structuredClone(VALUE);
  const texts = new Set<string>();
  for (let i = 0; i < 2000; i++) texts.add(JSON.stringify(mutatedJson(VALUE, rng)) ?? "nothing");
  assert.deepEqual(VALUE, original);
  assert.ok(texts.size > 500, `${texts.size} different ones`);
  const all = [...texts];
  const has = (what: string, test: (text: string) => boolean) => assert.ok(all.some(test), what);
  has("a field is gone", (text) => !text.includes('"f"') && text.includes('"a"'));
  has("an element is gone", (text) => text.includes('"a":[2,{"b":"text"}]'));
  has("the number is another", (text) => text.includes('"a":[-1,2,'));
  has("within a string", (text) => text.includes('\\"inner\\":[') && !text.includes("[3]"));
  has("all of it is replaced", (text) => text === "null");
});

Deno.test("equal seeds give equal mutations", () => {
  const made = () => {
    const rng = createRng(9, "json");
    return Array.from({ length: 50 }, () => mutatedJson(VALUE, rng));
  };
  assert.deepEqual(made(), made());
});
