import assert from "node:assert/strict";
import { type Case, defineSuite, selectSuites } from "./suite.ts";

const suite = defineSuite({
  op: "copy",
  parameters: [{ size: 1, seed: 2 }, { size: 3, seed: 4 }],
  prepare: ({ size, seed }) => () =>
    Promise.resolve([{ quantity: "y", got: [size], want: [seed] }]),
});

async function wanted(found: Case): Promise<unknown> {
  return await found.prepare()(undefined as never);
}

Deno.test("a case's text finds the same case again", async () => {
  const [first] = suite.cases;
  const [selected] = selectSuites([suite], first!.text);
  assert.equal(selected!.cases.length, 1);
  assert.deepEqual(await wanted(selected!.cases[0]!), await wanted(first!));
});

Deno.test("an op's name selects all of its cases, no text all suites", () => {
  assert.equal(selectSuites([suite], "copy")[0]!.cases.length, 2);
  assert.equal(selectSuites([suite, suite], undefined).length, 2);
});

Deno.test("unknown ops and parameters are refused by name", () => {
  assert.throws(() => selectSuites([suite], "cpoy"), /no op cpoy.*expected one of copy/);
  assert.throws(() => selectSuites([suite], 'copy {"size":1,"sed":2}'), /got sed, size/);
});
