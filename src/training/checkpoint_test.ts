import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { peekState, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Snapshot } from "./snapshot.ts";

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lth-checkpoint-"));
const file = path.join(directory, "latest.safetensors");
const snapshot: Snapshot = new Map([
  ["value/stem.weight", { shape: [2, 1, 3], data: Float32Array.of(1, -0, 1e-42, 3, 4, NaN) }],
  ["mask/stem.weight", { shape: [2, 1, 3], data: Uint8Array.of(1, 0, 1, 1, 1, 0) }],
]);
const state = { round: 3, progress: { rows: [], lossSum: 0.1 + 0.2 } };

Deno.test("a checkpoint comes back bit for bit", () => {
  writeCheckpoint(file, { snapshot, state });
  const back = readCheckpoint<typeof state>(file);
  assert.deepEqual(back.state, state);
  assert.deepEqual([...back.snapshot.keys()].sort(), [...snapshot.keys()].sort());
  for (const [name, { shape, data }] of snapshot) {
    assert.deepEqual(back.snapshot.get(name)!.shape, shape);
    const bytes = (x: typeof data) => [...new Uint8Array(x.buffer, x.byteOffset, x.byteLength)];
    assert.deepEqual(bytes(back.snapshot.get(name)!.data), bytes(data));
  }
});

Deno.test("the state can be read without the tensors", () => {
  writeCheckpoint(file, { snapshot, state });
  assert.deepEqual(peekState(file), state);
  assert.equal(peekState(`${file}.absent`), null);
  for (const length of [0, 4, 8, 100]) {
    fs.writeFileSync(`${file}.cut`, fs.readFileSync(file).subarray(0, length));
    assert.equal(peekState(`${file}.cut`), null);
  }
});

Deno.test("any flipped bit and any cut is detected", () => {
  writeCheckpoint(file, { snapshot, state });
  const good = fs.readFileSync(file);
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad[at]! ^= 1 << (at % 8);
    fs.writeFileSync(file, bad);
    // Only the spaces that pad the header carry no information.
    const padding = good[at] === 0x20 && good.subarray(at, at + 1).length === 1;
    let back: ReturnType<typeof readCheckpoint<typeof state>> | null = null;
    try {
      back = readCheckpoint<typeof state>(file);
    } catch {
      continue;
    }
    assert.ok(padding, `byte ${at} flipped unnoticed`);
    assert.deepEqual(back.state, state);
  }
  for (const length of [0, 4, 8, 100, good.length - 1]) {
    fs.writeFileSync(file, good.subarray(0, length));
    assert.throws(() => readCheckpoint(file));
  }
  fs.rmSync(directory, { recursive: true });
});
