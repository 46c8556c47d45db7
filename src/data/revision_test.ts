import assert from "node:assert/strict";
import type { LabelRow } from "./labels.ts";
import { detectRevision, isCinc } from "./revision.ts";

function rowsOf(counts: Record<string, number>): LabelRow[] {
  const rows: LabelRow[] = [];
  for (const [label, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) {
      rows.push({ id: `A${String(rows.length + 1).padStart(5, "0")}`, label });
    }
  }
  return rows;
}

Deno.test("with all 8,528 labels the counts decide, not the file name", () => {
  const name = (counts: Record<string, number>) =>
    detectRevision(rowsOf(counts), "REFERENCE-v3.csv").name;
  assert.equal(name({ N: 5076, A: 758, O: 2415, "~": 279 }), "v3");
  assert.equal(name({ N: 5050, A: 738, O: 2456, "~": 284 }), "intermediate");
  assert.equal(name({ N: 5154, A: 771, O: 2557, "~": 46 }), "original");
  assert.equal(name({ N: 5077, A: 757, O: 2415, "~": 279 }), "unknown");
});

Deno.test("with a part of the labels the file name decides, unless the counts contradict it", () => {
  const some = rowsOf({ N: 300, A: 20, O: 100, "~": 50 });
  assert.deepEqual(detectRevision(some, "REFERENCE-v3.csv"), {
    name: "v3",
    evidence: "file name REFERENCE-v3.csv; possible by labels per class of 470 records: " +
      "v3 or intermediate",
  });
  assert.equal(detectRevision(some, "REFERENCE.csv").name, "unknown");
  assert.equal(detectRevision(some, "REFERENCE-original.csv").name, "unknown");
  assert.equal(detectRevision(rowsOf({ A: 770, N: 1 }), "REFERENCE-v3.csv").name, "unknown");
  assert.equal(
    detectRevision(rowsOf({ "~": 300, N: 1 }), "x.csv").evidence.match(/none$/)?.[0],
    "none",
  );
});

Deno.test("labels with other ids or classes are the user's own", () => {
  assert.equal(detectRevision([{ id: "patient1", label: "N" }], "REFERENCE-v3.csv").name, "own");
  assert.ok(isCinc(rowsOf({ N: 5, x: 4 })));
  assert.ok(!isCinc(rowsOf({ N: 4, x: 5 })));
  assert.ok(!isCinc([...rowsOf({ N: 5 }), { id: "B00001", label: "N" }]));
});
