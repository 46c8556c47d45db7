import assert from "node:assert/strict";
import { parseTorchOutput } from "./torch_peer.ts";

Deno.test("the peer's lines are read, other lines are ignored", () => {
  const text = "torch 1.13.0a0 device cpu batch 32\n" +
    "density 1      step   4356.39 ms      107.0 GFLOP/s counted dense\n" +
    "density 0.007  step    812.00 ms      100.0 GFLOP/s counted dense\n";
  assert.deepEqual(parseTorchOutput(text), [
    { density: 1, milliseconds: 4356.39 },
    { density: 0.007, milliseconds: 812 },
  ]);
});
