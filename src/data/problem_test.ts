import assert from "node:assert/strict";
import { listProblems, type Problem } from "./problem.ts";

function problems(missing: number, constant: number): Problem[] {
  return [
    ...Array.from({ length: missing }, (_, i) => ({
      id: `A${i}`,
      reason: "missing" as const,
      detail: "gone",
    })),
    ...Array.from({ length: constant }, (_, i) => ({
      id: `B${i}`,
      reason: "constant" as const,
      detail: "all 0",
    })),
  ];
}

Deno.test("up to twenty problems are listed one by one", () => {
  const lines = listProblems(problems(1, 19)).split("\n");
  assert.equal(lines.length, 20);
  assert.equal(lines[0], "  A0: label without file (gone)");
  assert.equal(lines[19], "  B18: constant (all 0)");
});

Deno.test("more than twenty: the first twenty, then the count per reason", () => {
  const lines = listProblems(problems(15, 30)).split("\n");
  assert.equal(lines.length, 23);
  assert.equal(lines[19], "  B4: constant (all 0)");
  assert.match(lines[20]!, /and 25 more/);
  assert.match(lines[21]!, /^ +30 {2}constant$/);
  assert.match(lines[22]!, /^ +15 {2}label without file$/);
});
