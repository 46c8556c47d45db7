/**
 * The counter-based random bits of native/include/lth/random.h: two rounds of the 32-bit murmur3
 * finaliser (Appleby) under a key per (seed, stream, layer).
 *
 * @module
 */

/** Two words that select a sequence of random bits. */
export interface RandomKey {
  readonly low: number;
  readonly high: number;
}

/** The murmur3 finaliser: a bijection of 32-bit words. */
export function mix32(word: number): number {
  let h = word >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** The key for a run's 64-bit seed, a step's stream and a layer of its program. */
export function randomKey(options: { seed: bigint; stream: number; layer: number }): RandomKey {
  const { seed, stream, layer } = options;
  const seedLow = Number(seed & 0xffffffffn);
  const seedHigh = Number((seed >> 32n) & 0xffffffffn);
  const a = mix32(seedLow ^ mix32(stream + 0x9e3779b9));
  const b = mix32(seedHigh ^ mix32(layer + 0x7f4a7c15));
  return {
    low: mix32(a + Math.imul(0x632be5ab, b)),
    high: mix32(b ^ (Math.imul(a, 0x9e3779b1) + 0x85157af5)),
  };
}

/** 32 random bits of element `index`. */
export function randomBits(key: RandomKey, index: number): number {
  return mix32(mix32(index ^ key.low) + key.high);
}

/** Whether dropout of this rate keeps element `index`: its bits are at least rate * 2^32. */
export function dropoutKeeps(
  key: RandomKey,
  options: { index: number; rate: number },
): boolean {
  return randomBits(key, options.index) >= Math.floor(options.rate * 2 ** 32);
}
