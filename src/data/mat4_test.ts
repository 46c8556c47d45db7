import assert from "node:assert/strict";
import { readMat4 } from "./mat4.ts";
import { BadRecord, type Reason } from "./problem.ts";
import { mat4 } from "./testing.ts";

Deno.test("int16 values are read whatever the alignment of the bytes", () => {
  const samples = Int16Array.of(-32768, -1, 0, 1, 32767);
  const bytes = mat4(samples);
  assert.equal(bytes.length, 24 + 2 * 5);
  assert.deepEqual(readMat4(bytes), samples);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assert.deepEqual(readMat4(shifted.subarray(1)), samples);
});

Deno.test("a column vector and another variable name are read too", () => {
  const bytes = new Uint8Array(20 + 2 + 4);
  const view = new DataView(bytes.buffer);
  [30, 2, 1, 0, 2].forEach((value, i) => view.setInt32(4 * i, value, true));
  bytes.set([0x78, 0, 1, 2, 3, 4], 20);
  assert.deepEqual(readMat4(bytes), Int16Array.of(0x0201, 0x0403));
});

function withHeader(...header: number[]): Uint8Array {
  const bytes = mat4(new Int16Array(300));
  header.forEach((value, i) => new DataView(bytes.buffer).setInt32(4 * i, value, true));
  return bytes;
}

Deno.test("everything else is refused with its reason and what was found", () => {
  const mat5 = new Uint8Array(200);
  mat5.set(new TextEncoder().encode("MATLAB 5.0 MAT-file, Platform: GLNXA64"));
  const cases: [bytes: Uint8Array, reason: Reason, detail: RegExp][] = [
    [new Uint8Array(0), "empty", /0 bytes/],
    [new Uint8Array(19), "truncated", /19 bytes/],
    [mat4(new Int16Array(300)).subarray(0, 400), "truncated", /400 bytes.*300 samples needs 624/],
    [withHeader(30, 1, 299), "truncated", /624 bytes.*299 samples needs 622/],
    [mat5, "not-v4", /MATLAB 5\.0/],
    [withHeader(123456), "not-v4", /123456/],
    [withHeader(30, 1, 300, 1), "not-v4", /30 1 300 1 4/],
    [withHeader(30, 1, 300, 0, -4), "not-v4", /-4/],
    [withHeader(0), "not-int16", /float64/],
    [withHeader(50), "not-int16", /uint8/],
    [withHeader(1030), "not-int16", /type 1030/],
    [withHeader(30, 2, 150), "not-one-column", /2 x 150/],
  ];
  for (const [bytes, reason, detail] of cases) {
    assert.throws(() => readMat4(bytes), (error: Error) => {
      assert.ok(error instanceof BadRecord, String(error));
      assert.equal(error.reason, reason);
      assert.match(error.message, detail);
      return true;
    });
  }
});
