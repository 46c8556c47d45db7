import assert from "node:assert/strict";
import { commonKind, differenceTo, referenceOf } from "./reference.ts";

const dense = { toDense: null, toEqual: null };
const once = { toDense: { difference: 0.01 }, toEqual: null };
const equal = { toDense: { difference: 0.01 }, toEqual: { difference: -0.02, epochs: 48 } };

Deno.test("dense of as many epochs decides; without one, the dense network it began with; dense itself has none", () => {
  assert.deepEqual(referenceOf(equal), { kind: "equal", found: equal.toEqual });
  assert.deepEqual(referenceOf(once), { kind: "once", found: once.toDense });
  assert.equal(referenceOf(dense), null);
});

Deno.test("a sequence or picture has one kind of dense network, and networks without that kind have no difference", () => {
  assert.equal(commonKind([dense, once]), "once");
  assert.equal(commonKind([dense, once, equal]), "equal");
  assert.equal(commonKind([]), "once");
  const of = (kind: "equal" | "once") =>
    [dense, once, equal].map((network) => differenceTo(network, kind)?.difference ?? null);
  assert.deepEqual(of("equal"), [null, null, -0.02]);
  assert.deepEqual(of("once"), [null, 0.01, 0.01]);
});
