import assert from "node:assert/strict";
import { isDeviceFailure, NativeError } from "./native_error.ts";

Deno.test("a failure of a GPU is distinguished from mistakes of the program", () => {
  const text = "CUDA failed in a queued operation: an illegal memory access was encountered " +
    "(cudaErrorIllegalAddress)";
  assert.ok(isDeviceFailure(new NativeError(text)));
  assert.ok(!isDeviceFailure(new NativeError("The device was closed")));
  assert.ok(!isDeviceFailure(new Error(text)));
});
