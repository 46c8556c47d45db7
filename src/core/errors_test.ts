import assert from "node:assert/strict";
import { messageOf } from "./errors.ts";

Deno.test("the message of a text that is not JSON is one readable line, whatever the text is", () => {
  const texts = ['{"a": [\n  0.6,\n  \0    0.85\n]}', "{\n\x1b[2J", "\x07", '{"a": 1,\r\n\t}', ""];
  for (const text of texts) {
    try {
      JSON.parse(text);
      assert.fail(`${JSON.stringify(text)} is JSON`);
    } catch (error) {
      assert.match(messageOf(error), /^[^\p{Cc}]{10,}$/u);
    }
  }
  assert.equal(messageOf(new Error("two\nlines")), "two\nlines");
  assert.equal(messageOf("text"), "text");
});
