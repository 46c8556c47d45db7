/**
 * The safetensors container: eight bytes of header length, a JSON header, then the tensors.
 * Python's `safetensors.numpy.load_file` reads these files.
 *
 * @module
 */
import { UsageError } from "./errors.ts";
import { isRecord } from "./records.ts";

/** The supported typed arrays. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

/** One named array with its shape, row major. */
export interface StoredTensor {
  shape: number[];
  data: TensorArray;
}

/** The contents of one file. Insertion order is the order on disk. */
export interface TensorFile {
  tensors: Map<string, StoredTensor>;
  /** Free text by key, the format's `__metadata__`. */
  metadata: Record<string, string>;
}

const DTYPES = {
  F32: Float32Array,
  F64: Float64Array,
  I16: Int16Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
} as const;
type Dtype = keyof typeof DTYPES;

const ALIGNMENT = 8;
const OPENING_BRACE = "{".charCodeAt(0);

function dtypeOf(data: TensorArray): Dtype {
  for (const [name, type] of Object.entries(DTYPES)) if (data instanceof type) return name as Dtype;
  throw new TypeError(`Cannot store a ${Object.prototype.toString.call(data)} as a tensor`);
}

function elementCount(shape: number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The bytes of a safetensors file. */
export function encodeSafetensors(file: TensorFile): Uint8Array<ArrayBuffer> {
  const parts = safetensorsParts(file);
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * The bytes of a safetensors file in pieces: its header, then one view per tensor. Tensors are not copied,
 * so that a large file needs memory only once.
 */
export function safetensorsParts(file: TensorFile): Uint8Array[] {
  const header: Record<string, unknown> = {};
  if (Object.keys(file.metadata).length > 0) header["__metadata__"] = file.metadata;
  // Wider types first, so that every tensor is aligned to its own element size, as the format asks.
  const entries = [...file.tensors].map(([name, tensor], order) => ({ name, tensor, order }));
  entries.sort((a, b) =>
    b.tensor.data.BYTES_PER_ELEMENT - a.tensor.data.BYTES_PER_ELEMENT || a.order - b.order
  );
  let offset = 0;
  for (const { name, tensor } of entries) {
    const { shape, data } = tensor;
    if (elementCount(shape) !== data.length) {
      throw new RangeError(
        `Cannot store tensor ${name}: shape [${shape}] does not hold ${data.length} elements`,
      );
    }
    const end = offset + data.byteLength;
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(8 + headerLength).fill(0x20, 8);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true);
  head.set(json, 8);
  return [
    head,
    ...entries.map(({ tensor: { data } }) =>
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    ),
  ];
}

/**
 * Reads a safetensors file. The arrays are copies: they do not keep `bytes` alive.
 *
 * @param bytes The whole file.
 * @param name Name of the file in errors.
 * @throws {UsageError} If the bytes are not a complete, consistent safetensors file.
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): TensorFile {
  const bad: Refusal = (why) => new UsageError(`Cannot read ${name} as safetensors: ${why}`);
  const { header, body } = split(bytes, bad);
  const tensors = new Map<string, StoredTensor>();
  let metadata: Record<string, string> = {};
  const extents: Extent[] = [];
  for (const [key, value] of Object.entries(header)) {
    if (!isRecord(value)) throw bad(`${key} is not an object`);
    if (key === "__metadata__") {
      metadata = metadataOf(value, bad);
    } else {
      const { type, shape, extent } = entryOf(key, value, { bad, length: body.length });
      tensors.set(key, { shape, data: new type(body.slice(...extent).buffer) as TensorArray });
      extents.push(extent);
    }
  }
  refuseHoles(extents, { bad, length: body.length });
  return { tensors, metadata };
}

/** The error for a file that is no safetensors file, with the reason. */
type Refusal = (why: string) => UsageError;

/** The bytes of a tensor, as positions in the body. */
type Extent = [begin: number, end: number];

/** The parsed header and the bytes behind it. */
function split(
  bytes: Uint8Array,
  bad: Refusal,
): { header: Record<string, unknown>; body: Uint8Array } {
  if (bytes.length < 8) {
    throw bad(`it has ${bytes.length} bytes, fewer than the 8 of its header length`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > bytes.length - 8) {
    const isCutOff = (bytes[8] ?? OPENING_BRACE) === OPENING_BRACE;
    throw bad(
      isCutOff
        ? `its header of ${headerLength} bytes is cut off`
        : "it is another kind of file, without the header of one",
    );
  }
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)),
    );
  } catch {
    throw bad("its header is not JSON");
  }
  if (!isRecord(header)) throw bad("its header is not an object");
  // A plain view: the slice() of Node's Buffer would share memory instead of copying it.
  const body = new Uint8Array(
    bytes.buffer,
    bytes.byteOffset + 8 + headerLength,
    bytes.byteLength - 8 - headerLength,
  );
  return { header, body };
}

function metadataOf(value: Record<string, unknown>, bad: Refusal): Record<string, string> {
  if (!Object.values(value).every((text) => typeof text === "string")) {
    throw bad("its metadata is not text");
  }
  return value as Record<string, string>;
}

/** A tensor's entry in the header. */
function entryOf(
  key: string,
  { dtype, shape, data_offsets: offsets }: {
    dtype?: string;
    shape?: number[];
    data_offsets?: [number, number];
  },
  { bad, length }: { bad: Refusal; length: number },
): { type: (typeof DTYPES)[Dtype]; shape: number[]; extent: Extent } {
  const type = DTYPES[dtype as Dtype];
  if (!type) throw bad(`tensor ${key} has the unsupported type ${dtype}`);
  const validShape = Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  const [begin, end] = Array.isArray(offsets) ? offsets : [-1, -1];
  if (
    !validShape || !Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 ||
    end < begin
  ) {
    throw bad(`tensor ${key} has a broken shape or extent`);
  }
  if (end > length) throw bad(`tensor ${key} is cut off`);
  if (elementCount(shape) * type.BYTES_PER_ELEMENT !== end - begin) {
    throw bad(`tensor ${key} of shape [${shape}] does not fit its ${end - begin} bytes`);
  }
  return { type, shape, extent: [begin, end] };
}

/** Every byte of the body belongs to one tensor. */
function refuseHoles(
  extents: readonly Extent[],
  { bad, length }: { bad: Refusal; length: number },
): void {
  let covered = 0;
  for (const [begin, end] of extents.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (begin !== covered) throw bad(`its tensors overlap or leave a hole at byte ${covered}`);
    covered = end;
  }
  if (covered !== length) throw bad(`${length - covered} bytes follow its last tensor`);
}
