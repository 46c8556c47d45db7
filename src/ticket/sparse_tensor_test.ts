import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import type { StoredTensor } from "../core/safetensors.ts";
import { loadSparse, smallestForm, sparseBytes, storeSparse } from "./sparse_tensor.ts";

const SHAPE = [3, 5, 7];

function sparseWeight(density: number): Float32Array {
  const rng = createRng(3, "weight");
  return Float32Array.from({ length: 105 }, () => rng.next() < density ? rng.next() - 0.5 : 0);
}

Deno.test("reading back every form gives the same weight", () => {
  for (const density of [0, 0.02, 0.5, 1]) {
    const weight = sparseWeight(density);
    for (const form of ["dense", "bitmap", "csr"] as const) {
      const tensors = new Map(storeSparse("w", { weight, shape: SHAPE, form }));
      assert.deepEqual(loadSparse("w", { tensors, shape: SHAPE }), weight);
      const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
      const kept = weight.filter((x) => x !== 0).length;
      assert.equal(bytes, sparseBytes(form, { size: 105, rows: 3, kept }));
    }
  }
});

Deno.test("the smallest form is chosen", () => {
  const counts = { size: 10_000, rows: 10 };
  assert.equal(smallestForm({ ...counts, kept: 100 }), "csr");
  assert.equal(smallestForm({ ...counts, kept: 5000 }), "bitmap");
  assert.equal(smallestForm({ ...counts, kept: 10_000 }), "dense");
});

Deno.test("tensors that contradict each other are noticed", () => {
  const weight = sparseWeight(0.3);
  const stored = (form: "bitmap" | "csr") =>
    new Map(storeSparse("w", { weight, shape: SHAPE, form }));
  const broken = (tensors: Map<string, StoredTensor>, change: (m: typeof tensors) => void) => {
    change(tensors);
    assert.equal(loadSparse("w", { tensors, shape: SHAPE }), undefined);
  };
  broken(stored("csr"), (m) => m.delete("w.columns"));
  broken(stored("csr"), (m) => m.delete("w.values"));
  broken(stored("csr"), (m) => (m.get("w.columns")!.data as Int16Array)[1] = 35);
  broken(stored("csr"), (m) => (m.get("w.columns")!.data as Int16Array)[1] = 0);
  broken(stored("csr"), (m) => (m.get("w.rows")!.data as Int32Array)[3]! -= 1);
  broken(stored("bitmap"), (m) => (m.get("w.bitmap")!.data as Uint8Array)[0]! ^= 1);
});
