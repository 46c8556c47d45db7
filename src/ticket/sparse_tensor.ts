/**
 * Stores a pruned weight in a file in the smallest form: dense, a bitmap of the survivors, or compressed
 * sparse rows.
 *
 * @module
 */
import type { StoredTensor } from "../core/safetensors.ts";

/** How a weight [Cout, Cin, K] is stored; a row is an output channel. */
export type SparseForm = "dense" | "bitmap" | "csr";

/** Largest row length whose columns fit signed 16-bit integers. */
const MOST_SHORT_COLUMNS = 2 ** 15;

/** Bytes of a weight of `size` places in `rows` rows with `kept` survivors. */
export function sparseBytes(
  form: SparseForm,
  { size, rows, kept }: { size: number; rows: number; kept: number },
): number {
  if (form === "dense") return 4 * size;
  if (form === "bitmap") return 4 * kept + Math.ceil(size / 8);
  return kept * (4 + (size / rows <= MOST_SHORT_COLUMNS ? 2 : 4)) + 4 * (rows + 1);
}

/** The form of fewest bytes. */
export function smallestForm(counts: { size: number; rows: number; kept: number }): SparseForm {
  const forms: SparseForm[] = ["csr", "bitmap", "dense"];
  return forms.reduce((best, form) =>
    sparseBytes(form, counts) < sparseBytes(best, counts) ? form : best
  );
}

/**
 * The tensors that store `weight` under `name`. Dense: `name` itself. Bitmap: `name.values` [kept] and
 * `name.bitmap` [ceil(size / 8)], lowest bit first. CSR: `name.values` [kept], `name.columns` [kept]
 * (cin * K + k) and `name.rows` [Cout + 1], the index in the values at which each row begins.
 */
export function storeSparse(
  name: string,
  { weight, shape, form }: { weight: Float32Array; shape: readonly number[]; form?: SparseForm },
): [string, StoredTensor][] {
  const rows = shape[0]!;
  const kept = weight.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
  const chosen = form ?? smallestForm({ size: weight.length, rows, kept });
  if (chosen === "dense") return [[name, { shape: [...shape], data: weight }]];
  const values: [string, StoredTensor] = [
    `${name}.values`,
    { shape: [kept], data: weight.filter((value) => value !== 0) },
  ];
  if (chosen === "bitmap") {
    const bits = new Uint8Array(Math.ceil(weight.length / 8));
    weight.forEach((value, i) => {
      if (value !== 0) bits[i >> 3]! |= 1 << (i & 7);
    });
    return [values, [`${name}.bitmap`, { shape: [bits.length], data: bits }]];
  }
  const rowLength = weight.length / rows;
  const columns = new (rowLength <= MOST_SHORT_COLUMNS ? Int16Array : Int32Array)(kept);
  const begins = new Int32Array(rows + 1);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < rowLength; column++) {
      if (weight[row * rowLength + column] !== 0) columns[at++] = column;
    }
    begins[row + 1] = at;
  }
  return [
    values,
    [`${name}.columns`, { shape: [kept], data: columns }],
    [`${name}.rows`, { shape: [rows + 1], data: begins }],
  ];
}

/**
 * Reads a weight that {@linkcode storeSparse} stored.
 *
 * @returns undefined if its tensors are missing or contradict each other.
 */
export function loadSparse(
  name: string,
  { tensors, shape }: {
    tensors: ReadonlyMap<string, StoredTensor>;
    shape: readonly number[];
  },
): Float32Array | undefined {
  const size = shape.reduce((product, n) => product * n, 1);
  const dense = tensors.get(name)?.data;
  if (dense !== undefined) {
    return dense instanceof Float32Array && dense.length === size ? dense : undefined;
  }
  const values = tensors.get(`${name}.values`)?.data;
  if (!(values instanceof Float32Array)) return undefined;
  const weight = new Float32Array(size);
  const bits = tensors.get(`${name}.bitmap`)?.data;
  if (bits !== undefined) {
    if (!(bits instanceof Uint8Array) || bits.length !== Math.ceil(size / 8)) return undefined;
    let at = 0;
    for (let i = 0; i < size; i++) {
      if ((bits[i >> 3]! >> (i & 7)) & 1) weight[i] = values[at++] ?? NaN;
    }
    return at === values.length ? weight : undefined;
  }
  const columns = tensors.get(`${name}.columns`)?.data;
  const begins = tensors.get(`${name}.rows`)?.data;
  const rows = shape[0]!;
  if (!(columns instanceof Int16Array || columns instanceof Int32Array)) return undefined;
  if (!(begins instanceof Int32Array) || begins.length !== rows + 1) return undefined;
  if (columns.length !== values.length || begins[0] !== 0 || begins[rows] !== values.length) {
    return undefined;
  }
  const rowLength = size / rows;
  for (let row = 0; row < rows; row++) {
    let before = -1;
    for (let i = begins[row]!; i < begins[row + 1]!; i++) {
      const column = columns[i]!;
      if (column <= before || column >= rowLength) return undefined;
      weight[row * rowLength + column] = values[i]!;
      before = column;
    }
  }
  return weight;
}
