import assert from "node:assert/strict";
import { UsageError } from "./errors.ts";
import { iterationOf, parseStepPoint } from "./step.ts";

Deno.test("points in training are read and counted in iterations", () => {
  const cases: [string, number][] = [["0", 0], ["500it", 500], ["2ep", 20], ["2ep3it", 23]];
  for (const [text, expected] of cases) {
    assert.equal(iterationOf(parseStepPoint(text), 10), expected, text);
  }
});

Deno.test("other texts are refused, and the message lists the valid forms", () => {
  for (const text of ["", "5", "-1it", "ep", "it", "1.5ep", "3it2ep", "2 ep"]) {
    assert.throws(() => parseStepPoint(text), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /0, 500it, 2ep/);
      return true;
    }, text);
  }
});
