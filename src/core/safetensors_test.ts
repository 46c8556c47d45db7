import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  decodeSafetensors,
  encodeSafetensors,
  safetensorsParts,
  type StoredTensor,
  type TensorFile,
} from "./safetensors.ts";
import { UsageError } from "./errors.ts";

function example(): TensorFile {
  return {
    tensors: new Map<string, StoredTensor>([
      ["mask", { shape: [3], data: Uint8Array.of(1, 0, 255) }],
      ["weight", { shape: [2, 2], data: Float32Array.of(0.5, -1.25, 3e-39, Infinity) }],
      ["step", { shape: [], data: BigInt64Array.of(-(2n ** 62n)) }],
      ["mean", { shape: [1], data: Float64Array.of(Math.PI) }],
      ["samples", { shape: [3], data: Int16Array.of(-32768, 7, 32767) }],
      ["labels", { shape: [2, 1], data: Int32Array.of(-1, 2 ** 31 - 1) }],
      ["empty", { shape: [0, 4], data: new Float32Array(0) }],
    ]),
    metadata: { format: "test/1", note: "ünïcode ~" },
  };
}

Deno.test("a decoded file equals what was encoded, in every type", () => {
  const file = example();
  const back = decodeSafetensors(encodeSafetensors(file), "x");
  assert.deepEqual(back.metadata, file.metadata);
  assert.deepEqual(new Set(back.tensors.keys()), new Set(file.tensors.keys()));
  for (const [name, tensor] of file.tensors) assert.deepEqual(back.tensors.get(name), tensor, name);
});

Deno.test("the bytes are those of the specification", () => {
  const bytes = encodeSafetensors({
    tensors: new Map([["a", { shape: [2], data: Int16Array.of(1, -2) }]]),
    metadata: {},
  });
  const header = '{"a":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}';
  const padded = header + " ".repeat(56 - header.length);
  assert.deepEqual([...bytes.subarray(0, 8)], [56, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(new TextDecoder().decode(bytes.subarray(8, 64)), padded);
  assert.deepEqual([...bytes.subarray(64)], [1, 0, 0xfe, 0xff]);
});

Deno.test("the pieces share memory with the tensors and join to the encoded file", () => {
  const file = example();
  const parts = safetensorsParts(file);
  assert.deepEqual(new Uint8Array(Buffer.concat(parts)), encodeSafetensors(file));
  assert.ok(parts.some((part) => part.buffer === file.tensors.get("samples")!.data.buffer));
});

Deno.test("a view into a larger array stores only the view", () => {
  const data = Int32Array.of(9, 1, 2, 9).subarray(1, 3);
  const bytes = encodeSafetensors({
    tensors: new Map([["a", { shape: [2], data }]]),
    metadata: {},
  });
  assert.deepEqual(decodeSafetensors(bytes, "x").tensors.get("a")!.data, Int32Array.of(1, 2));
});

Deno.test("a Buffer and an odd offset decode to arrays of their own", () => {
  const bytes = encodeSafetensors(example());
  const buffer = Buffer.alloc(bytes.length + 3);
  buffer.set(bytes, 3);
  const back = decodeSafetensors(buffer.subarray(3), "x");
  buffer.fill(0);
  for (const [name, tensor] of example().tensors) assert.deepEqual(back.tensors.get(name), tensor);
});

Deno.test("a shape that does not hold the data is refused", () => {
  const wrong = new Map([["a", { shape: [3], data: Int16Array.of(1, 2) }]]);
  assert.throws(() => encodeSafetensors({ tensors: wrong, metadata: {} }), RangeError);
});

function withHeader(header: string, body: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + body);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

Deno.test("broken files are refused by name, each for its own reason", () => {
  const tensor = (dtype: string, shape: unknown, offsets: unknown) =>
    JSON.stringify({ a: { dtype, shape, data_offsets: offsets } });
  const two = (first: [number, number], second: [number, number]) =>
    JSON.stringify({
      a: { dtype: "U8", shape: [first[1] - first[0]], data_offsets: first },
      b: { dtype: "U8", shape: [second[1] - second[0]], data_offsets: second },
    });
  const cases: [bytes: Uint8Array, message: RegExp][] = [
    [new Uint8Array(7), /7 bytes/],
    [encodeSafetensors(example()).subarray(0, 40), /header of \d+ bytes is cut off/],
    [encodeSafetensors(example()).subarray(0, -1), /is cut off/],
    [new TextEncoder().encode("# A page of text"), /another kind of file, without the header/],
    [withHeader("{nope", 0), /not JSON/],
    [withHeader("[]", 0), /not an object/],
    [withHeader('{"a":null}', 0), /a is not an object/],
    [withHeader('{"__metadata__":{"n":1}}', 0), /metadata is not text/],
    [withHeader(tensor("BF16", [1], [0, 2]), 2), /unsupported type BF16/],
    [withHeader(tensor("I16", [-1], [0, 2]), 2), /broken shape/],
    [withHeader(tensor("I16", [1], null), 2), /broken shape/],
    [withHeader(tensor("I16", [1], [2, 0]), 2), /broken shape/],
    [withHeader(tensor("I16", [2], [0, 2]), 2), /does not fit its 2 bytes/],
    [withHeader(tensor("U8", [2], [0, 2]), 3), /1 bytes follow/],
    [withHeader(two([0, 2], [1, 3]), 3), /overlap/],
    [withHeader(two([0, 2], [3, 4]), 4), /hole at byte 2/],
  ];
  for (const [bytes, message] of cases) {
    assert.throws(() => decodeSafetensors(bytes, "some.file"), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /some\.file/);
      return true;
    });
  }
});

const READER = `
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", raw[:8])
assert n % 8 == 0, n
head = json.loads(raw[8:8 + n])
code = {"F32": "f", "F64": "d", "I16": "h", "I32": "i", "I64": "q", "U8": "B"}
out = {"__metadata__": head.pop("__metadata__")}
for name, t in head.items():
    begin, end = t["data_offsets"]
    size = struct.calcsize("<" + code[t["dtype"]])
    assert begin % size == 0, (name, begin)
    values = struct.unpack("<%d%s" % ((end - begin) // size, code[t["dtype"]]), raw[8 + n:][begin:end])
    out[name] = {"shape": t["shape"], "values": [repr(v) for v in values]}
print(json.dumps(out))
`;

const python = spawnSync("python3", ["--version"]).status === 0;

Deno.test({
  name: `Python's struct and json read the file${python ? "" : " (skipped: no python3 here)"}`,
  ignore: !python,
  fn() {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "safetensors-"));
    try {
      const file = path.join(directory, "x.safetensors");
      fs.writeFileSync(file, encodeSafetensors(example()));
      const run = spawnSync("python3", ["-c", READER, file], { encoding: "utf8" });
      assert.equal(run.status, 0, run.stderr);
      assert.deepEqual(JSON.parse(run.stdout), {
        __metadata__: example().metadata,
        mask: { shape: [3], values: ["1", "0", "255"] },
        weight: { shape: [2, 2], values: ["0.5", "-1.25", String(Math.fround(3e-39)), "inf"] },
        step: { shape: [], values: ["-4611686018427387904"] },
        mean: { shape: [1], values: ["3.141592653589793"] },
        samples: { shape: [3], values: ["-32768", "7", "32767"] },
        labels: { shape: [2, 1], values: ["-1", "2147483647"] },
        empty: { shape: [0, 4], values: [] },
      });
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  },
});
