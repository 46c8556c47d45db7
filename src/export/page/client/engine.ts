/**
 * The sparse engine of the page: a ticket's operations on typed arrays, over surviving weights only. Sums
 * are in float64 and stored as float32. Nothing here uses Deno or Node.js.
 *
 * @module
 */

/** A convolution whose weights are compressed sparse rows, plus what it adds, then perhaps ReLU. */
export interface SparseConv {
  readonly op: "conv";
  /** Position of the operation whose values it reads; -1 for the record. */
  readonly input: number;
  /** Position of the operation whose values it adds; null for none. */
  readonly add: number | null;
  readonly relu: boolean;
  readonly kernel: number;
  readonly stride: number;
  /** [outChannels] */
  readonly bias: Float32Array;
  /** Weights of output channel c: `starts[c]` to `starts[c + 1]` [outChannels + 1]. */
  readonly starts: Uint32Array;
  /** By weight: inChannel * kernel + place in the kernel. */
  readonly places: Uint32Array;
  readonly weights: Float32Array;
}

/** y = scale * x + shift per channel, then perhaps ReLU. */
export interface ChannelAffine {
  readonly op: "affine";
  readonly input: number;
  readonly relu: boolean;
  /** [channels] */
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** The largest of each `stride` positions, then channels of zeros. */
export interface Pooling {
  readonly op: "pool";
  readonly input: number;
  readonly channels: number;
  readonly stride: number;
}

export type Operation = SparseConv | ChannelAffine | Pooling;

/** Values of an operation: a row of positions for each channel. */
export type Rows = readonly Float32Array[];

/**
 * Runs the operations in order.
 *
 * @param input One normalised record [length].
 * @param seen Gets the record (position -1) and the rows of every operation, before another reads them; it
 * may change them.
 * @returns The values of the last one, row by row: logits [classes, steps].
 */
export function runOperations(
  operations: readonly Operation[],
  input: Float32Array,
  seen?: (position: number, rows: Rows) => void,
): Float32Array {
  const values: Rows[] = [];
  seen?.(-1, [input]);
  const valueOf = (position: number): Rows => position < 0 ? [input] : values[position]!;
  for (const operation of operations) {
    const x = valueOf(operation.input);
    if (operation.op === "conv") {
      values.push(convolve(operation, x, operation.add === null ? null : valueOf(operation.add)));
    } else {
      values.push(operation.op === "pool" ? pool(operation, x) : scaled(operation, x));
    }
    seen?.(values.length - 1, values.at(-1)!);
  }
  const rows = values.at(-1) ?? [];
  const length = rows[0]?.length ?? 0;
  const logits = new Float32Array(rows.length * length);
  rows.forEach((row, c) => logits.set(row, c * length));
  return logits;
}

/** SAME padding: the odd zero is at the end. */
function convolve(conv: SparseConv, x: Rows, added: Rows | null): Rows {
  const { kernel, stride, bias, starts, places, weights, relu } = conv;
  const length = x[0]!.length;
  const outputs = Math.ceil(length / stride);
  const left = Math.floor(Math.max((outputs - 1) * stride + kernel - length, 0) / 2);
  const sums = new Float64Array(outputs);
  return Array.from(bias, (constant, channel) => {
    sums.fill(constant);
    for (let i = starts[channel]!; i < starts[channel + 1]!; i++) {
      const place = places[i]!;
      const row = x[Math.floor(place / kernel)]!;
      const offset = place % kernel - left;
      // Outputs whose input `p * stride + offset` lies inside the record.
      const first = Math.max(0, Math.ceil(-offset / stride));
      const end = Math.min(outputs, Math.floor((length - 1 - offset) / stride) + 1);
      const weight = weights[i]!;
      for (let p = first, at = first * stride + offset; p < end; p++, at += stride) {
        sums[p]! += weight * row[at]!;
      }
    }
    const other = added?.[channel];
    if (other) { for (let p = 0; p < outputs; p++) sums[p]! += other[p]!; }
    if (relu) { for (let p = 0; p < outputs; p++) if (sums[p]! < 0) sums[p] = 0; }
    return new Float32Array(sums);
  });
}

function scaled({ scale, shift, relu }: ChannelAffine, x: Rows): Rows {
  return x.map((row, channel) =>
    row.map((value) => {
      const y = scale[channel]! * value + shift[channel]!;
      return relu && y < 0 ? 0 : y;
    })
  );
}

function pool({ channels, stride }: Pooling, x: Rows): Rows {
  const length = x[0]!.length;
  const outputs = Math.ceil(length / stride);
  return Array.from({ length: channels }, (_, channel) => {
    const pooled = new Float32Array(outputs);
    const row = x[channel];
    if (row === undefined) return pooled;
    for (let p = 0; p < outputs; p++) {
      let largest = row[p * stride]!;
      for (let at = p * stride + 1; at < Math.min(length, (p + 1) * stride); at++) {
        if (row[at]! > largest) largest = row[at]!;
      }
      pooled[p] = largest;
    }
    return pooled;
  });
}
