/**
 * The cost of storing and running a network.
 *
 * @module
 */
import { analyse } from "../model/analyse.ts";
import { tensorsOf } from "../model/graph.ts";
import { tensorOf, type TrainedNetwork } from "./network.ts";
import { sparseBytes } from "./sparse_tensor.ts";

/** Bytes of all parameters, by the way in which the places of surviving weights are stored. */
export interface StoredBytes {
  readonly dense: number;
  /** Column indices of 16 or 32 bits and the row starts. */
  readonly csr: number;
  /** One bit per place. */
  readonly bitmap: number;
  /** One byte per survivor: its distance to the previous one; 255 means that the gap continues. */
  readonly delta: number;
}

/** Counts of a network; a weight survives if it is not 0. */
export interface Footprint {
  /** Prunable weights, and those that survive. */
  readonly weights: number;
  readonly kept: number;
  /** All numbers that inference needs: weights, biases and norms with their statistics. */
  readonly parameters: number;
  readonly parametersKept: number;
  readonly bytes: StoredBytes;
  readonly smallest: keyof StoredBytes;
  /** Multiplications of the convolutions per second of ECG, over all and over surviving weights. */
  readonly denseMacsPerSecond: number;
  readonly macsPerSecond: number;
}

/** @param rate Samples per second of ECG. */
export function footprintOf(network: TrainedNetwork, rate: number): Footprint {
  let [weights, kept, others] = [0, 0, 0];
  const bytes = { dense: 0, csr: 0, bitmap: 0, delta: 0 };
  for (const { name, shape } of tensorsOf(network.graph)) {
    const data = tensorOf(network, name);
    if (shape.length === 1) {
      others += data.length;
      continue;
    }
    const alive = survivors(data);
    weights += data.length;
    kept += alive;
    const counts = { size: data.length, rows: shape[0]!, kept: alive };
    for (const form of ["dense", "csr", "bitmap"] as const) {
      bytes[form] += sparseBytes(form, counts);
    }
    bytes.delta += 4 * alive + deltaBytes(data);
  }
  for (const form of Object.keys(bytes) as (keyof StoredBytes)[]) bytes[form] += 4 * others;
  const { dense, sparse } = macsPerSample(network);
  return {
    weights,
    kept,
    parameters: weights + others,
    parametersKept: kept + others,
    bytes,
    smallest: (Object.keys(bytes) as (keyof StoredBytes)[]).reduce((best, form) =>
      bytes[form] < bytes[best] ? form : best
    ),
    denseMacsPerSecond: dense * rate,
    macsPerSecond: sparse * rate,
  };
}

/** Multiplications per input sample, averaged over a hop. */
function macsPerSample(network: TrainedNetwork): { dense: number; sparse: number } {
  let [dense, sparse] = [0, 0];
  for (const { node, samplesPerOutput } of analyse(network.graph).nodes) {
    if (node.op !== "conv") continue;
    const weight = tensorOf(network, `${node.name}.weight`);
    dense += weight.length / samplesPerOutput;
    sparse += survivors(weight) / samplesPerOutput;
  }
  return { dense, sparse };
}

function survivors(data: Float32Array): number {
  return data.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
}

function deltaBytes(data: Float32Array): number {
  let bytes = 0;
  let before = -1;
  data.forEach((value, i) => {
    if (value === 0) return;
    bytes += 1 + Math.floor((i - before - 1) / 255);
    before = i;
  });
  return bytes;
}
