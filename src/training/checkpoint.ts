/**
 * Checkpoint files: safetensors files whose metadata holds the progress and a checksum of everything.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { Failure, messageOf, UsageError } from "../core/errors.ts";
import { writeFileAtomic } from "../core/files.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  safetensorsParts,
  type TensorFile,
} from "../core/safetensors.ts";
import type { Snapshot } from "./snapshot.ts";

/** Tensors and a JSON value about them. */
export interface Checkpoint<State> {
  readonly snapshot: Snapshot;
  readonly state: State;
}

const FORMAT = "lth-ecg-checkpoint/1";

/** A checkpoint is missing or damaged: cut off, overwritten, or with flipped bits. */
export class DamagedCheckpoint extends Failure {
  constructor(readonly file: string, readonly why: string) {
    super(`The checkpoint ${file} is damaged: ${why}`);
  }
}

/**
 * Writes a checkpoint so that a crash leaves either the old file or the complete new one.
 *
 * @param options.previous New path of the old file; by default the old file is replaced.
 * @throws {Failure} If it cannot be written.
 */
export function writeCheckpoint<State>(
  file: string,
  checkpoint: Checkpoint<State>,
  options: { previous?: string } = {},
): void {
  writeFileAtomic(file, safetensorsParts(contentsOf(checkpoint)), options);
}

/** The bytes of a checkpoint file. */
export function encodeCheckpoint<State>(checkpoint: Checkpoint<State>): Uint8Array<ArrayBuffer> {
  return encodeSafetensors(contentsOf(checkpoint));
}

function contentsOf<State>(checkpoint: Checkpoint<State>): TensorFile {
  const state = JSON.stringify(checkpoint.state);
  const sha256 = checksum(checkpoint.snapshot, state);
  return { tensors: checkpoint.snapshot, metadata: { format: FORMAT, state, sha256 } };
}

/**
 * Reads a checkpoint back.
 *
 * @throws {DamagedCheckpoint} If the file is missing, of another format, or damaged.
 */
export function readCheckpoint<State>(file: string): Checkpoint<State> {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DamagedCheckpoint(
      file,
      code === "ENOENT" ? "the file is missing" : `it cannot be read (${code ?? error})`,
    );
  }
  return decodeCheckpoint(bytes, file);
}

/** Like {@linkcode readCheckpoint}, from the bytes of a file. */
export function decodeCheckpoint<State>(bytes: Uint8Array, file: string): Checkpoint<State> {
  const { tensors, metadata } = decoded(bytes, file);
  const { format, state, sha256 } = metadata;
  if (format !== FORMAT || state === undefined) {
    throw new DamagedCheckpoint(file, `its format is ${format}, expected ${FORMAT}`);
  }
  if (checksum(tensors, state) !== sha256) {
    throw new DamagedCheckpoint(file, "its checksum does not match its contents");
  }
  try {
    return { snapshot: tensors, state: JSON.parse(state) as State };
  } catch {
    throw new DamagedCheckpoint(file, "its state is not JSON");
  }
}

/** Decodes a file. The user did not name it, so an error is no usage error. */
function decoded(bytes: Uint8Array, file: string): TensorFile {
  try {
    return decodeSafetensors(bytes, "it");
  } catch (error) {
    if (error instanceof UsageError) throw new DamagedCheckpoint(file, messageOf(error));
    throw error;
  }
}

/**
 * Reads the state in a checkpoint without its tensors and without checks: for display, not for resuming.
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
    const size = Number(length.getBigUint64(0, true));
    if (size > fs.fstatSync(handle).size) return null;
    const header = new Uint8Array(size);
    fs.readSync(handle, header, 0, header.length, 8);
    return JSON.parse(JSON.parse(new TextDecoder().decode(header)).__metadata__.state) as State;
  } catch {
    return null;
  } finally {
    fs.closeSync(handle);
  }
}

/** SHA-256 over the state and, by name, over names, shapes and bytes of all tensors. */
function checksum(snapshot: Snapshot, state: string): string {
  const hash = createHash("sha256").update(state);
  for (const name of [...snapshot.keys()].sort()) {
    const { shape, data } = snapshot.get(name)!;
    hash.update(`\0${name}\0${shape}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
