/**
 * Seeded random numbers for all random decisions in TypeScript: splits, shuffles, resampling.
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), its state filled by splitmix64.
 *
 * @module
 */

/** A stream of random numbers. Two streams made from equal arguments are equal. */
export interface Rng {
  /** The next number, uniform in [0, 1), a multiple of 2^-53. */
  next(): number;
  /** The next whole number, uniform in [0, n) without bias. `n` is from 1 to 2^32. */
  integer(n: number): number;
  /** Puts `array` in a random order, in place, and returns it. */
  shuffle<T extends { length: number; [index: number]: unknown }>(array: T): T;
}

const MASK_64 = (1n << 64n) - 1n;

/**
 * A generator for `seed` and a named stream. Each use ("split", "batches" and the epoch) has its own stream, so
 * that its numbers do not change if another use draws more.
 *
 * @param seed Any finite number.
 * @param stream What the numbers are for.
 * @throws {RangeError} If the seed is not finite.
 */
export function createRng(seed: number, ...stream: (number | string)[]): Rng {
  if (!Number.isFinite(seed)) throw new RangeError(`A seed must be a finite number, not ${seed}`);
  return rngFromState(stateOf(JSON.stringify([seed, ...stream])));
}

/** Runs xoshiro128** from an explicit state of four 32-bit words, not all zero. */
export function rngFromState(state: ArrayLike<number>): Rng {
  const s = Uint32Array.from(state);
  if (s.length !== 4 || s.every((word) => word === 0)) {
    throw new RangeError(`The state must be four words, not all zero: got [${s}]`);
  }
  let [s0, s1, s2, s3] = s as unknown as [number, number, number, number];

  function word(): number {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotateLeft(s3, 11);
    return result;
  }

  function integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`Cannot draw below ${n}: expected a whole number from 1 to 2^32`);
    }
    // Words above the largest multiple of n would make small results more frequent.
    const limit = 2 ** 32 - (2 ** 32 % n);
    let drawn = word();
    while (drawn >= limit) drawn = word();
    return drawn % n;
  }

  return {
    next: () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53,
    integer,
    shuffle(array) {
      const items: { [index: number]: unknown } = array;
      for (let i = array.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const held = items[i];
        items[i] = items[j];
        items[j] = held;
      }
      return array;
    },
  };
}

function rotateLeft(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

/** Four state words for a text: FNV-1a over its code units, then two rounds of splitmix64. */
function stateOf(text: string): number[] {
  let x = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    x = ((x ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & MASK_64;
  }
  const words: number[] = [];
  for (let round = 0; round < 2; round++) {
    x = (x + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = x;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    z ^= z >> 31n;
    words.push(Number(z & 0xffffffffn), Number(z >> 32n));
  }
  return words;
}
