import assert from "node:assert/strict";
import { gather, type GatherOptions, type Recordings } from "./gather.ts";
import { randomBits, randomKey } from "./random.ts";

const DATA: Recordings = {
  samples: Int16Array.of(10, 20, 30, -40, 50),
  offsets: Float64Array.of(0, 3),
  lengths: Int32Array.of(3, 2),
  labels: Int32Array.of(2, 1),
};

const OPTIONS: GatherOptions = {
  records: [1, -1, 0],
  length: 2,
  mean: 10,
  std: 20,
  flip: false,
  seed: 3n,
  stream: 0,
};

Deno.test("a batch worked by hand: cut, empty slot, padding", () => {
  const { x, labels } = gather(DATA, OPTIONS);
  assert.deepEqual([...x.value.values], [-2.5, 2, 0, 0, 0, 0.5]);
  assert.deepEqual([...x.value.lengths], [2, 0, 2]);
  assert.deepEqual([...labels], [1, 0, 2]);
  const padded = gather(DATA, { ...OPTIONS, length: 3 });
  assert.deepEqual([...padded.x.value.values], [-2.5, 2, 0, 0, 0, 0, 0, 0.5, 1]);
});

Deno.test("flips follow bit 0 of the slot's random bits, and both signs occur", () => {
  const signs = new Set<number>();
  for (let stream = 0; stream < 8; stream++) {
    const plain = gather(DATA, { ...OPTIONS, stream }).x.value.values;
    const flipped = gather(DATA, { ...OPTIONS, stream, flip: true }).x.value.values;
    const key = randomKey({ seed: 3n, stream, layer: 0 });
    const sign = randomBits(key, 0) & 1 ? -1 : 1;
    assert.deepEqual([flipped[0], flipped[1]], [sign * plain[0]!, sign * plain[1]!]);
    signs.add(sign);
  }
  assert.deepEqual([...signs].sort(), [-1, 1]);
});
