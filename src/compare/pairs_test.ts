import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { askedLevel, findPair, parsePairs } from "./pairs.ts";

Deno.test("pairs are read with their density; a comma before a space belongs to a name", () => {
  assert.deepEqual(parsePairs("lr-rewind:weight-rewind to 1ep,finetune, snip:reinit@6.4%"), [
    {
      a: "lr-rewind",
      b: "weight-rewind to 1ep",
      percent: null,
      text: "lr-rewind:weight-rewind to 1ep",
    },
    { a: "finetune, snip", b: "reinit", percent: 6.4, text: "finetune, snip:reinit@6.4%" },
  ]);
});

Deno.test("a text that is not a pair, or a pair given twice, is refused", () => {
  for (const text of ["", "a", "a:b:c", "a:b@", "a:b@0", "a:b@200", ":b", "a:b,"]) {
    assert.throws(
      () => parsePairs(text),
      (error) => error instanceof UsageError && /expected METHOD:METHOD/.test(error.message),
      text,
    );
  }
  assert.throws(() => parsePairs("a:b,b:a"), /pair b:a twice/);
  assert.equal(parsePairs("a:b,b:a@5").length, 2);
});

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
