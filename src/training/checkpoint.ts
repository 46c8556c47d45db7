/**
 * Checkpoint files: a safetensors file whose metadata holds the progress and a checksum of everything.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { Failure } from "../core/errors.ts";
import { writeFileAtomic } from "../core/files.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import type { Snapshot } from "./snapshot.ts";

/** Tensors and a JSON value about them. */
export interface Checkpoint<State> {
  readonly snapshot: Snapshot;
  readonly state: State;
}

const FORMAT = "lth-ecg-checkpoint/1";

/** Writes a checkpoint so that a crash leaves either the old file or the whole new one. */
export function writeCheckpoint<State>(file: string, checkpoint: Checkpoint<State>): void {
  const state = JSON.stringify(checkpoint.state);
  const sha256 = checksum(checkpoint.snapshot, state);
  const metadata = { format: FORMAT, state, sha256 };
  writeFileAtomic(file, encodeSafetensors({ tensors: checkpoint.snapshot, metadata }));
}

/**
 * Reads a checkpoint back.
 *
 * @throws {Failure} If the file is missing, of another format, or not what was written.
 */
export function readCheckpoint<State>(file: string): Checkpoint<State> {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch {
    throw new Failure(`Cannot read the checkpoint ${file}: the file is missing or unreadable`);
  }
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  if (metadata["format"] !== FORMAT || metadata["state"] === undefined) {
    throw new Failure(`${file} is not a checkpoint of this program (format ${metadata["format"]})`);
  }
  if (checksum(tensors, metadata["state"]) !== metadata["sha256"]) {
    throw new Failure(
      `The checkpoint ${file} is damaged: its checksum does not match its contents`,
    );
  }
  return { snapshot: tensors, state: JSON.parse(metadata["state"]) as State };
}

/**
 * The state in a checkpoint, read without its tensors and unchecked: for showing, not for resuming.
 *
 * @returns null if there is no such file or it holds no state.
 */
export function peekState<State>(file: string): State | null {
  let handle: number;
  try {
    handle = fs.openSync(file, "r");
  } catch {
    return null;
  }
  try {
    const length = new DataView(new ArrayBuffer(8));
    if (fs.readSync(handle, length, 0, 8, 0) < 8) return null;
    const header = new Uint8Array(Number(length.getBigUint64(0, true)));
    fs.readSync(handle, header, 0, header.length, 8);
    return JSON.parse(JSON.parse(new TextDecoder().decode(header)).__metadata__.state) as State;
  } catch {
    return null;
  } finally {
    fs.closeSync(handle);
  }
}

/** Over names, shapes and bytes of all tensors, by name, and the state. */
function checksum(snapshot: Snapshot, state: string): string {
  const hash = createHash("sha256").update(state);
  for (const name of [...snapshot.keys()].sort()) {
    const { shape, data } = snapshot.get(name)!;
    hash.update(`\0${name}\0${shape}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
