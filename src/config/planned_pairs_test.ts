import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { parsePairs } from "./planned_pairs.ts";

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
  for (
    const text of [
      "",
      "a",
      "a:b:c",
      "a:b@",
      "a:b@0",
      "a:b@200",
      ":b",
      " :b",
      "a: ",
      "a:b@1.2.3",
      "a:b,",
    ]
  ) {
    assert.throws(
      () => parsePairs(text),
      (error) => error instanceof UsageError && /expected METHOD:METHOD/.test(error.message),
      text,
    );
  }
  assert.throws(() => parsePairs("a:b,b:a"), /pair b:a twice/);
  assert.equal(parsePairs("a:b,b:a@5").length, 2);
});
