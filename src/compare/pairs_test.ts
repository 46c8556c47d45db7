import assert from "node:assert/strict";
import { parsePairs } from "../config/planned_pairs.ts";
import { askedLevel, findPair } from "./pairs.ts";

Deno.test("a pair is found in either order", () => {
  const pairs = [{ a: "x", b: "y" }];
  assert.equal(findPair(pairs, parsePairs("x:y")[0]!)?.sign, 1);
  assert.equal(findPair(pairs, parsePairs("y:x")[0]!)?.sign, -1);
  assert.equal(findPair(pairs, parsePairs("x:z")[0]!), null);
  // A control may be called by its kind alone if that is unique.
  const controls = [{ a: "x", b: "shuffle of x" }, { a: "reinit of x", b: "reinit of y" }];
  assert.equal(findPair(controls, parsePairs("shuffle:x")[0]!)?.sign, -1);
  assert.equal(findPair(controls, parsePairs("reinit:x")[0]!), null);
});

Deno.test("the density is the nearest within 10 %", () => {
  const level = (text: string) => askedLevel(parsePairs(text)[0]!, [0.4, 0.16, 0.064]);
  assert.equal(level("a:b"), null);
  assert.equal(level("a:b@6.4"), 2);
  assert.equal(level("a:b@15"), 1);
  assert.throws(() => level("a:b@10"), /densities that both have are 40\.0 %, 16\.0 %, 6\.40 %/);
});
