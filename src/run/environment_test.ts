import assert from "node:assert/strict";
import { describeEnvironment, numericDifferences } from "./environment.ts";

Deno.test("instruction set, build and data decide the last bits; threads do not", () => {
  const on = (device: string, native = "a", datasetSha256 = "x") =>
    describeEnvironment({ device, native, datasetSha256 });
  const then = on("cpu: AVX-512, 1 thread");
  assert.deepEqual(numericDifferences(then, on("cpu: AVX-512, 16 threads")), []);
  assert.deepEqual(numericDifferences(then, on("cpu: AVX2, 1 thread", "b", "y")), [
    "device: cpu: AVX-512, 1 thread, now cpu: AVX2, 1 thread",
    "native: a, now b",
    "datasetSha256: x, now y",
  ]);
  assert.equal(numericDifferences(then, on("cpu: AVX-512, bf16, 1 thread")).length, 1);
});
