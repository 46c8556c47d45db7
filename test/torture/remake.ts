/**
 * Seeded changes that keep the structure of a file: JSON stays JSON, the header of a safetensors file still
 * fits its data, and checksums are computed again, so that inputs pass a parser's first check.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Rng } from "../../src/core/rng.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  type TensorArray,
} from "../../src/core/safetensors.ts";
import { mutatedJson } from "./mutate_json.ts";

/** Makes another input from a valid one. */
export type Remake = (seed: Uint8Array, rng: Rng) => Uint8Array;

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** For files of JSON. */
export const remakeJson: Remake = (seed, rng) => bytesOf(mutatedJson(jsonOf(seed), rng));

type Tensors = Map<string, StoredTensor>;

/** What a file's checksum covers, in addition to the names, shapes and bytes of its tensors. */
export interface Seal {
  /** The key of the metadata with the JSON that is covered too. */
  readonly text: string;
  /** Whether it covers the types of tensors. */
  readonly types: boolean;
}

/** For safetensors files; `seal` says how their checksum is computed. */
export function remakeTensors(seal: Seal | null): Remake {
  return (seed, rng) => {
    if (rng.integer(4) === 0) return otherHeader(seed, rng);
    const { tensors, metadata } = decodeSafetensors(seed, "a seed");
    const changed: Tensors = new Map(tensors);
    let text = metadata;
    for (let left = 1 + rng.integer(2); left > 0; left--) {
      if (rng.integer(2) === 0) changeTensor(changed, rng);
      else text = otherMetadata(text, rng);
    }
    return encodeSafetensors({
      tensors: changed,
      metadata: seal === null ? text : { ...text, sha256: checksum(changed, { text, seal }) },
    });
  };
}

/** The header changed as JSON, with its length made to fit. */
function otherHeader(seed: Uint8Array, rng: Rng): Uint8Array {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  const end = 8 + Number(view.getBigUint64(0, true));
  const header = bytesOf(mutatedJson(jsonOf(seed.subarray(8, end)), rng));
  const out = new Uint8Array(8 + header.length + seed.length - end);
  new DataView(out.buffer).setBigUint64(0, BigInt(header.length), true);
  out.set(header, 8);
  out.set(seed.subarray(end), 8 + header.length);
  return out;
}

function otherMetadata(metadata: Record<string, string>, rng: Rng): Record<string, string> {
  const changed = mutatedJson(metadata, rng);
  // Metadata other than text by name is invalid; otherHeader tries that.
  return Object.fromEntries(
    Object.entries(changed ?? {}).map(([key, value]) => [key, String(value)]),
  );
}

const NUMBERS = [0, -0, 1, -1, 2, 7, 255, 256, 32767, -32768, 1e38, NaN, Infinity, 1e-42, 2 ** 31];
const TYPES = [Float32Array, Float64Array, Int16Array, Int32Array, Uint8Array] as const;

function changeTensor(tensors: Tensors, rng: Rng): void {
  const names = [...tensors.keys()];
  if (names.length === 0) return;
  const name = names[rng.integer(names.length)]!;
  const other = tensors.get(names[rng.integer(names.length)]!)!;
  const { shape, data } = tensors.get(name)!;
  switch (rng.integer(6)) {
    case 0:
      tensors.delete(name);
      return;
    case 1:
      tensors.set(name, other);
      return;
    case 2:
      tensors.set(`${name}${rng.integer(2) ? "x" : ".values"}`, other);
      return;
    case 3: {
      const Type = TYPES[rng.integer(TYPES.length)]!;
      tensors.set(name, { shape, data: Type.from(Array.from(data as ArrayLike<number>, Number)) });
      return;
    }
    case 4: {
      const length = rng.integer(data.length + 1);
      tensors.set(name, { shape: [length], data: data.slice(0, length) as TensorArray });
      return;
    }
    default:
      tensors.set(name, { shape, data: otherNumbers(data, rng) });
  }
}

function otherNumbers(data: TensorArray, rng: Rng): TensorArray {
  const changed = data.slice() as TensorArray;
  for (let left = 1 + rng.integer(3); left > 0 && changed.length > 0; left--) {
    const number = NUMBERS[rng.integer(NUMBERS.length)]!;
    const at = rng.integer(changed.length);
    if (changed instanceof BigInt64Array) changed[at] = BigInt(Math.trunc(number) || 0);
    else changed[at] = number;
  }
  return changed;
}

/** The checksum as in src/training/checkpoint.ts and src/ticket/ticket_file.ts. */
function checksum(
  tensors: Tensors,
  { text, seal }: { text: Record<string, string>; seal: Seal },
): string {
  const hash = createHash("sha256").update(text[seal.text] ?? "");
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    const type = seal.types ? `${data.constructor.name}\0` : "";
    hash.update(`\0${name}\0${type}${shape}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
