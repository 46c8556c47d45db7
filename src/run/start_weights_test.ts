import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { encodeSafetensors, type StoredTensor } from "../core/safetensors.ts";
import { pytorchName } from "../model/pytorch_names.ts";
import { tensorsOf } from "../model/graph.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { readStartWeights, startFile } from "./start_weights.ts";

const SIZE = { filters: 2, kernel: 3, blocks: 3, blocksPerStage: 2, classes: 4 };
const SHAPE = resnet1dGraph(SIZE);

/** Every tensor has its own numbers, so that a mix-up shows. */
function tensors(rename: (name: string) => string): Map<string, StoredTensor> {
  let next = 1;
  return new Map(
    tensorsOf(SHAPE).map(({ name, shape: extents }) => {
      const shape = [...extents];
      const size = shape.reduce((product, n) => product * n, 1);
      return [rename(name), { shape, data: Float32Array.from({ length: size }, () => next++ / 8) }];
    }),
  );
}

function withFile(body: (write: (bytes: Uint8Array) => string) => void): void {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "start-"));
  try {
    body((bytes) => {
      const file = path.join(directory, "start.safetensors");
      fs.writeFileSync(file, bytes);
      return file;
    });
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

const encode = (held: Map<string, StoredTensor>) =>
  encodeSafetensors({ tensors: held, metadata: {} });

/** The message of the refusal, one line each. */
function refusal(file: string): string[] {
  try {
    readStartWeights(startFile(file), SHAPE);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message.split("\n");
  }
  return assert.fail("nothing was refused");
}

Deno.test("a network is read with our names, a checkpoint's and PyTorch's", () => {
  const expected = tensors((name) => name);
  withFile((write) => {
    for (
      const rename of [
        (name: string) => name,
        (name: string) => `${/running_/.test(name) ? "buffer" : "value"}/${name}`,
        pytorchName,
      ]
    ) {
      const held = tensors(rename);
      held.set("moment1/stem.weight", { shape: [1], data: Float32Array.of(NaN) });
      held.set("head_norm.num_batches_tracked", { shape: [], data: BigInt64Array.of(7n) });
      const weights = readStartWeights(startFile(write(encode(held))), SHAPE);
      assert.deepEqual([...weights.keys()], [...expected.keys()]);
      for (const [name, { data }] of expected) assert.deepEqual(weights.get(name), data, name);
    }
  });
});

Deno.test("norms without running statistics get those of a new network", () => {
  withFile((write) => {
    const held = tensors(pytorchName);
    for (const name of held.keys()) if (/running_/.test(name)) held.delete(name);
    const weights = readStartWeights(startFile(write(encode(held))), SHAPE);
    assert.deepEqual(weights.get("stem.norm.running_mean"), Float32Array.of(0, 0));
    assert.deepEqual(weights.get("block2.norm1.running_variance"), Float32Array.of(1, 1));
    held.set("stem_norm.running_mean", { shape: [2], data: Float32Array.of(1, 2) });
    assert.deepEqual(refusal(write(encode(held))).slice(1), [
      "  missing: stem.norm.running_variance, whose stem.norm.running_mean is there",
    ]);
  });
});

Deno.test("everything that does not fit is listed at once", () => {
  withFile((write) => {
    const held = tensors(pytorchName);
    held.delete("blocks.1.norm2.bias");
    held.set("blocks.9.conv1.weight", { shape: [1], data: Float32Array.of(1) });
    held.set("head.weight.rows", { shape: [2], data: Int32Array.of(0, 1) });
    held.set("stem.weight", { shape: [2, 3], data: new Float32Array(6) });
    held.set("head.bias", { shape: [4], data: new Float64Array(4) });
    const [first, ...problems] = refusal(write(encode(held)));
    assert.match(
      first!,
      /^Cannot start from .*start\.safetensors: 5 of its tensors do not fit this network \(2 filters, doubled every 2 of 3 blocks, kernel 3, 4 classes\):$/,
    );
    assert.deepEqual(problems.sort(), [
      "  missing: block1.norm2.beta (or blocks.1.norm2.bias) [2]",
      "  shape: stem.weight is [2, 3], expected [2, 1, 3]",
      "  type: head.bias is F64, expected F32",
      "  unexpected: blocks.9.conv1.weight [1]",
      "  unexpected: head.weight.rows [2]; it is part of a sparse weight: export without --sparse",
    ]);
  });
});

Deno.test("unsupported types are listed like any other type", () => {
  withFile((write) => {
    const bytes = encode(tensors((name) => name));
    const text = new TextDecoder("latin1").decode(bytes);
    const half = text.replace('"head.bias":{"dtype":"F32"', '"head.bias":{"dtype":"F16"');
    assert.notEqual(half, text);
    const broken = Uint8Array.from(half, (character) => character.charCodeAt(0));
    assert.deepEqual(refusal(write(broken)).slice(1), ["  type: head.bias is F16, expected F32"]);
  });
});

Deno.test("numbers that a network cannot start with are listed", () => {
  withFile((write) => {
    const held = tensors((name) => name);
    (held.get("block0.conv1.weight")!.data as Float32Array).set([NaN, 1, Infinity], 2);
    (held.get("head.norm.running_variance")!.data as Float32Array)[1] = -0.5;
    assert.deepEqual(refusal(write(encode(held))).slice(1), [
      "  not finite: block0.conv1.weight has 2 such numbers, the first is element 2, NaN",
      "  negative: element 1 of the variance head.norm.running_variance is -0.5",
    ]);
  });
});

Deno.test("a file that is absent, cut off, of another kind or changed is refused", () => {
  assert.throws(
    () => startFile("/nowhere/x.safetensors"),
    /Cannot read the weights .*: no such file; name/,
  );
  withFile((write) => {
    const bytes = encode(tensors((name) => name));
    for (const bad of [bytes.subarray(0, bytes.length - 1), bytes.subarray(0, 100)]) {
      assert.match(refusal(write(bad)).join("\n"), /Cannot read .* as safetensors/);
    }
    assert.match(refusal(write(new Uint8Array(5)))[0]!, /it has 5 bytes/);
    const named = startFile(write(bytes));
    bytes[bytes.length - 1]! ^= 1;
    write(bytes);
    assert.throws(
      () => readStartWeights(named, SHAPE),
      new RegExp(`its sha256 is [0-9a-f]{64}, that of the run's settings ${named.sha256}`),
    );
  });
});
