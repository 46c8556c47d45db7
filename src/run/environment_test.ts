import assert from "node:assert/strict";
import { describeEnvironment, numericDifferences, sameInstructions } from "./environment.ts";

const on = (device: string, native = "a", datasetSha256 = "x") =>
  describeEnvironment({ device, native, datasetSha256 });

Deno.test("instruction set, build and data decide the last bits; threads do not", () => {
  const then = on("cpu: AVX-512, 1 thread");
  assert.deepEqual(numericDifferences(then, on("cpu: AVX-512, 16 threads")), []);
  assert.deepEqual(numericDifferences(then, on("cpu: AVX2, 1 thread", "b", "y")), [
    "device: cpu: AVX-512, 1 thread, now cpu: AVX2, 1 thread",
    "native: a, now b",
    "datasetSha256: x, now y",
  ]);
  assert.equal(numericDifferences(then, on("cpu: AVX-512, bf16, 1 thread")).length, 1);
});

Deno.test("a machine with more instructions than a run began with can compute with those, if nothing else differs", () => {
  const here = on("cpu: AVX-512, 2 threads");
  assert.equal(sameInstructions(on("cpu: AVX2, 16 threads"), here), "--isa avx2");
  assert.equal(sameInstructions(on("cpu: portable, 1 thread"), here), "--isa portable");
  for (
    const then of [
      on("cpu: AVX-512, 2 threads"),
      on("cpu: AVX2, 2 threads", "another build"),
      on("cpu: AVX2, 2 threads", "a", "other data"),
      on("cpu: NEON, 2 threads"),
      on("cuda: NVIDIA H200"),
    ]
  ) {
    assert.equal(sameInstructions(then, here), null);
  }
  assert.equal(sameInstructions(here, on("cpu: AVX2, 2 threads")), null);
  assert.equal(sameInstructions(on("cpu: AVX2, 2 threads"), on("cpu: NEON, 2 threads")), null);
});
