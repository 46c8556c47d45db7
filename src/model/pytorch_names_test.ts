import assert from "node:assert/strict";
import { pytorchName } from "./pytorch_names.ts";

Deno.test("tensors have PyTorch's names", () => {
  assert.equal(pytorchName("stem.weight"), "stem.weight");
  assert.equal(pytorchName("stem.norm.gamma"), "stem_norm.weight");
  assert.equal(pytorchName("block11.norm2.running_variance"), "blocks.11.norm2.running_var");
  assert.equal(pytorchName("block3.norm1.beta"), "blocks.3.norm1.bias");
  assert.equal(pytorchName("block3.conv2.bias"), "blocks.3.conv2.bias");
  assert.equal(pytorchName("head.norm.running_mean"), "head_norm.running_mean");
});
