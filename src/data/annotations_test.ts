import assert from "node:assert/strict";
import { readAnnotations, rhythmsOf } from "./annotations.ts";
import { BadRecord } from "./problem.ts";
import { annotationFile } from "./testing_wfdb.ts";

Deno.test("bytes worked out by hand from annot(5) are read", () => {
  // A normal beat (1) at 5, a rhythm (28) 3 samples later with the text "(N", a skip of 65,536 + 2,
  // a beat of type 5 another 1 later on signal 1 with subtype 3 and number 2, then the end.
  const bytes = Uint8Array.of(
    ...[0x05, 0x04],
    ...[0x03, 0x70, 0x02, 0xfc, 0x28, 0x4e],
    ...[0x00, 0xec, 0x01, 0x00, 0x02, 0x00],
    ...[0x01, 0x14, 0x01, 0xf8, 0x03, 0xf4, 0x02, 0xf0],
    ...[0x00, 0x00],
  );
  assert.deepEqual(readAnnotations(bytes), [
    { sample: 5, type: 1, text: "" },
    { sample: 8, type: 28, text: "(N" },
    { sample: 8 + 65538 + 1, type: 5, text: "" },
  ]);
});

Deno.test("texts of odd length are padded, zeros end them, intervals may be negative", () => {
  const bytes = Uint8Array.of(
    ...[0x00, 0x70, 0x05, 0xfc, 0x28, 0x41, 0x46, 0x4c, 0x00, 0x00], // "(AFL" and a counted zero
    ...[0x00, 0xec, 0x00, 0x00, 0x64, 0x00, 0x00, 0x04], // 100 samples later
    ...[0x00, 0xec, 0xff, 0xff, 0xff, 0xff, 0x00, 0x04], // and 1 before that
    ...[0x00, 0x00],
  );
  const read = readAnnotations(bytes);
  assert.deepEqual(read.map(({ sample, text }) => [sample, text]), [[0, "(AFL"], [100, ""], [
    99,
    "",
  ]]);
});

Deno.test("written annotations are read back, and bytes after the end mark are ignored", () => {
  const changes = [[0, "(N"], [1023, "(AFIB"], [1024, "(N"], [2_500_000, "(J"], [
    9_000_000,
    "(AFL",
  ]];
  const made = annotationFile(changes as [number, string][]);
  const read = readAnnotations(Uint8Array.from([...made, 0xff, 0xff]));
  assert.deepEqual(read.map(({ sample, text }) => [sample, text]), changes);
  assert.deepEqual(rhythmsOf(read, 9_205_760), [
    { name: "(N", from: 0, to: 1023 },
    { name: "(AFIB", from: 1023, to: 1024 },
    { name: "(N", from: 1024, to: 2_500_000 },
    { name: "(J", from: 2_500_000, to: 9_000_000 },
    { name: "(AFL", from: 9_000_000, to: 9_205_760 },
  ]);
  assert.deepEqual(rhythmsOf(read, 1000), [{ name: "(N", from: 0, to: 1000 }]);
});

Deno.test("damaged files are refused, and the message says what was found", () => {
  const sound = annotationFile([[3, "(N"], [90_000, "(AFIB"]]);
  const cases: [bytes: Uint8Array, reason: string, message: RegExp][] = [
    [new Uint8Array(), "empty", /0 bytes/],
    ...Array.from({ length: sound.length - 1 }, (_, i): [Uint8Array, string, RegExp] => [
      sound.subarray(0, i + 1),
      "truncated",
      /without the mark of their end/,
    ]),
    [Uint8Array.of(0x02, 0xfc, 0x28, 0x4e, 0, 0), "unreadable", /text before the first/],
    [Uint8Array.of(0x01, 50 << 2, 0, 0), "unreadable", /type 50/],
    [Uint8Array.of(0, 0xec, 0xff, 0xff, 0, 0, 0, 4, 0, 0), "unreadable", /at sample -65536/],
  ];
  for (const [bytes, reason, message] of cases) {
    assert.throws(() => readAnnotations(bytes), (error: Error) => {
      assert.ok(error instanceof BadRecord, `${[...bytes]}: ${error}`);
      assert.equal(error.reason, reason, `${[...bytes]}`);
      assert.match(error.message, message);
      return true;
    });
  }
});
