import assert from "node:assert/strict";
import { type Case, defineSuite, loadSuites, selectSuites, shareOf } from "./suite.ts";

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

Deno.test("a share of a list has every kind of case, also where the list repeats as the share steps", async () => {
  const cycle = Array.from({ length: 70 }, (_, i) => ({ seed: i, kind: i % 7, half: i % 2 === 0 }));
  const { cases } = defineSuite({
    op: "copy",
    parameters: cycle,
    prepare: () => () => Promise.resolve([]),
  });
  const kinds = (share: number) =>
    new Set(shareOf(cases, share).map(({ text }) => JSON.parse(text.slice(5)).kind)).size;
  assert.equal(kinds(7), 7);
  assert.deepEqual(shareOf(cases, 1), cases);
  assert.ok(shareOf(cases, 7).length <= 17, "the seed has more values than are kinds");
  const losses = (await loadSuites()).find(({ op }) => op === "cross_entropy")!;
  const settings = new Set(
    shareOf(losses.cases, 7).map(({ text }) => JSON.stringify(JSON.parse(text.slice(14)).loss)),
  );
  for (const name of ["labelSmoothing", "focal", "temperature"]) {
    const alone = [...settings].filter((loss) => loss.includes(name) && !loss.includes(","));
    const some = [...settings].filter((loss) => loss.includes(name));
    assert.ok(
      name === "temperature" ? some.length >= 3 : alone.length >= 1,
      [...settings].join(" "),
    );
  }
  const augment = (await loadSuites()).find(({ op }) => op === "augment")!;
  const nameOf = (text: string) => [...text.matchAll(/"(\w+)":/g)].map(([, name]) => name!);
  for (const share of [7, 10, 20]) {
    const names = new Set(shareOf(augment.cases, share).flatMap(({ text }) => nameOf(text)));
    assert.deepEqual(names, new Set(augment.cases.flatMap(({ text }) => nameOf(text))));
  }
});
