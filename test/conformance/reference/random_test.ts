import assert from "node:assert/strict";
import { dropoutKeeps, mix32, randomBits, randomKey } from "./random.ts";

// random.h written out once more in 64-bit integers, reduced by hand after every operation.
const word = (x: bigint) => x & 0xffffffffn;
function mix(value: bigint): bigint {
  let h = word(value);
  h ^= h >> 16n;
  h = word(h * 0x85ebca6bn);
  h ^= h >> 13n;
  h = word(h * 0xc2b2ae35n);
  return h ^ (h >> 16n);
}
function bitsOf(options: { seed: bigint; stream: bigint; layer: bigint; index: bigint }): bigint {
  const { seed, stream, layer, index } = options;
  const a = mix(word(seed) ^ mix(stream + 0x9e3779b9n));
  const b = mix((seed >> 32n) ^ mix(layer + 0x7f4a7c15n));
  const low = mix(a + 0x632be5abn * b);
  const high = mix(b ^ word(a * 0x9e3779b1n + 0x85157af5n));
  return mix(mix(index ^ low) + high);
}

Deno.test("mix32 is the murmur3 finaliser", () => {
  // From the published test of MurmurHash3's fmix32: 0 is its fixed point; 1 gives 0x514e28b7.
  assert.equal(mix32(0), 0);
  assert.equal(mix32(1), 0x514e28b7);
});

Deno.test("random bits agree with 64-bit arithmetic", () => {
  for (const seed of [0n, 1n, 0xdeadbeefn, 0x0123456789abcdefn, 0xffffffffffffffffn]) {
    for (const stream of [0, 1, 0xfffffff0]) {
      for (const layer of [0, 3]) {
        const key = randomKey({ seed, stream, layer });
        for (const index of [0, 1, 12345, 0xffffffff]) {
          const want = bitsOf({
            seed,
            stream: BigInt(stream),
            layer: BigInt(layer),
            index: BigInt(index),
          });
          assert.equal(randomBits(key, index), Number(want));
        }
      }
    }
  }
});

Deno.test("dropout cuts its rate of the elements", () => {
  const key = randomKey({ seed: 5n, stream: 1, layer: 2 });
  const count = 100_000;
  for (const rate of [0, 0.2, 0.5]) {
    let cut = 0;
    for (let index = 0; index < count; index++) if (!dropoutKeeps(key, { index, rate })) cut++;
    // Five standard deviations of a binomial.
    assert.ok(Math.abs(cut / count - rate) <= 5 * Math.sqrt(rate * (1 - rate) / count));
  }
});
