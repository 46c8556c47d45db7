/**
 * The numbers of a network as named tensors, to keep, to write to disk and to restore.
 *
 * @module
 */
import type { Slot } from "../addon/native.ts";
import { Failure } from "../core/errors.ts";
import type { StoredTensor } from "../core/safetensors.ts";
import type { Network } from "../model/network.ts";
import { startAverages } from "./average.ts";

/** Named tensors: "<slot>/<parameter>", "buffer/<name>", "average/<name>" and "mask/<parameter>". */
export type Snapshot = Map<string, StoredTensor>;

const OPTIMISER_SLOTS: readonly Slot[] = ["moment1", "moment2"];

/**
 * Copies weights and running statistics; with `optimiser`, also its moments and the averages that the
 * network keeps. The tensors are copies, never aliases.
 */
export function takeSnapshot(network: Network, options: { optimiser: boolean }): Snapshot {
  const snapshot: Snapshot = new Map();
  const averages = options.optimiser && network.keepsAverages;
  const slots: Slot[] = ["value", ...(options.optimiser ? OPTIMISER_SLOTS : [])];
  if (averages) slots.push("average");
  for (const { name, parameter } of network.parameters) {
    for (const slot of slots) {
      snapshot.set(`${slot}/${name}`, {
        shape: [...parameter.shape],
        data: parameter.read(slot),
      });
    }
  }
  for (const { name, buffer } of network.buffers) {
    snapshot.set(`buffer/${name}`, { shape: [buffer.size], data: buffer.read() });
  }
  if (!averages) return snapshot;
  for (const { name, average } of network.averagedBuffers) {
    snapshot.set(`average/${name}`, { shape: [average.size], data: average.read() });
  }
  return snapshot;
}

/**
 * Restores a snapshot under the network's present masks. Moments that the snapshot does not hold are reset
 * to zero, as in a new optimiser. Averages that it does not hold start at the weights.
 */
export function restoreSnapshot(network: Network, snapshot: Snapshot): void {
  for (const { name, parameter } of network.parameters) {
    parameter.write("value", floats(snapshot, `value/${name}`, parameter.size));
    for (const slot of OPTIMISER_SLOTS) {
      const key = `${slot}/${name}`;
      const held = snapshot.has(key);
      parameter.write(
        slot,
        held ? floats(snapshot, key, parameter.size) : new Float32Array(parameter.size),
      );
    }
  }
  for (const { name, buffer } of network.buffers) {
    buffer.write(floats(snapshot, `buffer/${name}`, buffer.size));
  }
  restoreAverages(network, snapshot);
}

function restoreAverages(network: Network, snapshot: Snapshot): void {
  startAverages(network);
  if (!network.keepsAverages || ![...snapshot.keys()].some((key) => key.startsWith("average/"))) {
    return;
  }
  for (const { name, parameter } of network.parameters) {
    parameter.write("average", floats(snapshot, `average/${name}`, parameter.size));
  }
  for (const { name, average } of network.averagedBuffers) {
    average.write(floats(snapshot, `average/${name}`, average.size));
  }
}

/** Sets the optimiser's moments to zero. */
export function resetOptimiser(network: Network): void {
  for (const { parameter } of network.parameters) {
    for (const slot of OPTIMISER_SLOTS) parameter.write(slot, new Float32Array(parameter.size));
  }
}

/** The masks of all prunable tensors. */
export function takeMasks(network: Network): Snapshot {
  return new Map(
    network.prunable.map(({ name, parameter }) => [
      `mask/${name}`,
      { shape: [...parameter.shape], data: parameter.readMask() },
    ]),
  );
}

/** Sets the masks of all prunable tensors; pruned weights become 0. */
export function restoreMasks(network: Network, masks: Snapshot): void {
  for (const { name, parameter } of network.prunable) {
    parameter.setMask(maskOf(masks, { name, size: parameter.size }));
  }
}

/** Whether a snapshot holds masks. */
export function hasMasks(snapshot: Snapshot): boolean {
  return snapshot.keys().some((key) => key.startsWith("mask/"));
}

/** The mask of one prunable tensor. @throws {Failure} If it is missing or has another size. */
export function maskOf(masks: Snapshot, tensor: { name: string; size: number }): Uint8Array {
  const { name, size } = tensor;
  const { data } = masks.get(`mask/${name}`) ?? missing(`mask/${name}`);
  if (!(data instanceof Uint8Array) || data.length !== size) {
    throw new Failure(`The mask of ${name} does not fit its ${size} weights`);
  }
  return data;
}

/** Makes all masks dense; pruned weights stay 0. */
export function resetMasks(network: Network): void {
  for (const { parameter } of network.prunable) {
    parameter.setMask(new Uint8Array(parameter.size).fill(1));
  }
}

function floats(snapshot: Snapshot, key: string, size: number): Float32Array {
  const { data } = snapshot.get(key) ?? missing(key);
  if (!(data instanceof Float32Array) || data.length !== size) {
    throw new Failure(`Tensor ${key} of the snapshot does not hold the ${size} floats expected`);
  }
  return data;
}

function missing(key: string): never {
  throw new Failure(`The snapshot has no tensor ${key}: it belongs to another network`);
}
