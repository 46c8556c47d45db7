/**
 * The parts of CPython 3's `random.Random` that shuffling needs, so that a split made with Python can be
 * reproduced: MT19937 seeded with `init_by_array` (Matsumoto and Nishimura 1998, mt19937ar.c),
 * `getrandbits`, `_randbelow_with_getrandbits` and `shuffle` of Lib/random.py.
 *
 * @module
 */

const N = 624;
const M = 397;

/** The generator after `random.seed(seed)`. */
export class PythonRandom {
  #state = new Uint32Array(N);
  #index = N;

  /** @param seed A whole number; like Python, -s gives the numbers of s. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`A seed must be a whole number, not ${seed}`);
    }
    const size = Math.abs(seed);
    const high = Math.floor(size / 2 ** 32);
    this.#seedByArray(high > 0 ? [size >>> 0, high] : [size >>> 0]);
  }

  #seedByArray(key: number[]): void {
    const mt = this.#state;
    mt[0] = 19650218;
    for (let i = 1; i < N; i++) {
      const previous = mt[i - 1]! ^ (mt[i - 1]! >>> 30);
      mt[i] = Math.imul(1812433253, previous) + i;
    }
    let i = 1;
    const advance = (multiplier: number, addend: (word: number) => number) => {
      const previous = mt[i - 1]! ^ (mt[i - 1]! >>> 30);
      mt[i] = addend(mt[i]! ^ Math.imul(previous, multiplier));
      if (++i >= N) {
        mt[0] = mt[N - 1]!;
        i = 1;
      }
    };
    for (let k = 0; k < Math.max(N, key.length); k++) {
      const j = k % key.length;
      advance(1664525, (word) => word + key[j]! + j);
    }
    for (let k = 0; k < N - 1; k++) advance(1566083941, (word) => word - i);
    mt[0] = 0x80000000;
  }

  #word(): number {
    const mt = this.#state;
    if (this.#index >= N) {
      for (let k = 0; k < N; k++) {
        const y = (mt[k]! & 0x80000000) | (mt[(k + 1) % N]! & 0x7fffffff);
        mt[k] = mt[(k + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.#index = 0;
    }
    let y = mt[this.#index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** `getrandbits(k)` for k from 1 to 32. */
  getrandbits(k: number): number {
    if (!Number.isInteger(k) || k < 1 || k > 32) {
      throw new RangeError(`Cannot draw ${k} bits: expected a whole number from 1 to 32`);
    }
    return this.#word() >>> (32 - k);
  }

  /** `_randbelow_with_getrandbits(n)`, for n from 1 to 2^32 - 1. */
  randbelow(n: number): number {
    const bits = 32 - Math.clz32(n);
    let drawn = this.getrandbits(bits);
    while (drawn >= n) drawn = this.getrandbits(bits);
    return drawn;
  }

  /** `shuffle(array)`, in place; returns it too. */
  shuffle<T>(array: T[]): T[] {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.randbelow(i + 1);
      [array[i], array[j]] = [array[j]!, array[i]!];
    }
    return array;
  }
}
