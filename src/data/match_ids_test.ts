import assert from "node:assert/strict";
import { RecordIndex } from "./match_ids.ts";

const INDEX = new RecordIndex(["A00/A00012", "A00/A00036", "g1/x", "g2/x", "g2/deep/y", "x.1"]);

Deno.test("an id names a path, or the only record whose path ends in the id, or is the end of the id", () => {
  const one = (id: string) => {
    const match = INDEX.find(id);
    return match.kind === "one" ? match.record : match.kind;
  };
  assert.equal(one("A00/A00012"), "A00/A00012");
  assert.equal(one("A00012"), "A00/A00012");
  assert.equal(one("./A00/A00012"), "A00/A00012");
  assert.equal(one("training\\A00\\A00036"), "A00/A00036");
  assert.equal(one("/data/training/A00/A00036"), "A00/A00036");
  assert.equal(one("deep/y"), "g2/deep/y");
  assert.equal(one("x.1"), "x.1");
  assert.equal(one("g2/x"), "g2/x");
  assert.equal(one("other/g2/x"), "g2/x");
});

Deno.test("an id never matches a part of a name, another folder, or one of several records", () => {
  assert.deepEqual(INDEX.find("x"), { kind: "several", records: ["g1/x", "g2/x"] });
  for (const id of ["A0001", "00012", "A01/A00012", "g3/x", "", "/", "."]) {
    assert.deepEqual(INDEX.find(id), { kind: "none" }, id);
  }
});
