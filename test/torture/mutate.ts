/**
 * Seeded mutations of bytes: the inputs of the fuzzers.
 *
 * @module
 */
import type { Rng } from "../../src/core/rng.ts";

/** Numbers that often cause errors in parsers. */
const INTERESTING = [0, 1, 2, 7, 8, 16, 30, 127, 128, 255, 256, 1023, 32767, 32768, 65535, 65536];
const HUGE = [0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0];

/** Texts that often cause errors in parsers of text. */
const WORDS = [
  ...["null", "-1", "0", "1e308", "1e999", "-0", "NaN", '""', "[]", "{}", "true", "1.5", "[[]]"],
  ...[
    '"\\u0000"',
    '"__proto__"',
    '{"__proto__":1}',
    "9007199254740993",
    "\ufeff",
    "\r\n",
    ",,",
    '"',
  ],
  ...["'", "#", "../..", "/", "\t", ";", "\\", "\ud800", "1e-300", "99999999999999999999"],
];

type Mutation = (bytes: Uint8Array, rng: Rng, others: readonly Uint8Array[]) => Uint8Array;

function replaced(
  bytes: Uint8Array,
  { at, remove, insert }: { at: number; remove: number; insert: Uint8Array },
): Uint8Array {
  const after = Math.min(bytes.length, at + remove);
  const out = new Uint8Array(at + insert.length + bytes.length - after);
  out.set(bytes.subarray(0, at));
  out.set(insert, at);
  out.set(bytes.subarray(after), at + insert.length);
  return out;
}

const place = (bytes: Uint8Array, rng: Rng) => rng.integer(bytes.length + 1);

/** The extent of a number, word or string around a random place of a text. */
function token(bytes: Uint8Array, rng: Rng): { at: number; remove: number } {
  const inside = (byte: number | undefined) =>
    byte !== undefined &&
    (byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5a || byte >= 0x61 && byte <= 0x7a ||
      byte === 0x2e || byte === 0x2d || byte === 0x22);
  let at = place(bytes, rng);
  while (at < bytes.length && !inside(bytes[at])) at++;
  let end = at;
  while (inside(bytes[at - 1])) at--;
  while (inside(bytes[end])) end++;
  return { at, remove: end - at };
}

const encoder = new TextEncoder();

const MUTATIONS: readonly Mutation[] = [
  (bytes, rng) => {
    const out = bytes.slice();
    if (out.length > 0) out[rng.integer(out.length)]! ^= 1 << rng.integer(8);
    return out;
  },
  (bytes, rng) => {
    const out = bytes.slice();
    if (out.length > 0) out[rng.integer(out.length)] = rng.integer(256);
    return out;
  },
  (bytes, rng) => bytes.slice(0, place(bytes, rng)),
  (bytes, rng) =>
    replaced(bytes, {
      at: place(bytes, rng),
      remove: 1 + rng.integer(16),
      insert: new Uint8Array(),
    }),
  (bytes, rng) => {
    const insert = Uint8Array.from({ length: 1 + rng.integer(8) }, () => rng.integer(256));
    return replaced(bytes, { at: place(bytes, rng), remove: 0, insert });
  },
  // Insert a copy of some bytes of this input or of another one.
  (bytes, rng, others) => {
    const from = others[rng.integer(others.length)]!;
    const begin = place(from, rng);
    const insert = from.subarray(begin, begin + rng.integer(64));
    return replaced(bytes, {
      at: place(bytes, rng),
      remove: rng.integer(2) * insert.length,
      insert,
    });
  },
  // A number of one, two, four or eight bytes.
  (bytes, rng) => {
    const out = bytes.slice();
    const size = [1, 2, 4, 8][rng.integer(4)]!;
    if (out.length < size) return out;
    const at = rng.integer(out.length - size + 1);
    const pool = rng.integer(3) === 0 ? HUGE : INTERESTING;
    let value = pool[rng.integer(pool.length)]!;
    for (let i = 0; i < size; i++, value = Math.floor(value / 256)) out[at + i] = value % 256;
    return out;
  },
  (bytes, rng) => {
    const insert = encoder.encode(WORDS[rng.integer(WORDS.length)]!);
    return replaced(bytes, { ...token(bytes, rng), insert });
  },
  (bytes, rng) => {
    const insert = encoder.encode(WORDS[rng.integer(WORDS.length)]!);
    return replaced(bytes, { at: place(bytes, rng), remove: 0, insert });
  },
];

/** One of `seeds` with one to four mutations, now and then with none or as pure noise. */
export function mutated(seeds: readonly Uint8Array[], rng: Rng): Uint8Array {
  const kind = rng.integer(64);
  if (kind === 0) return Uint8Array.from({ length: rng.integer(200) }, () => rng.integer(256));
  let bytes = seeds[rng.integer(seeds.length)]!;
  const count = kind === 1 ? 0 : 1 + rng.integer(4);
  for (let i = 0; i < count; i++) {
    bytes = MUTATIONS[rng.integer(MUTATIONS.length)]!(bytes, rng, seeds);
  }
  return bytes;
}
