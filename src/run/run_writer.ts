/**
 * Changes the files of a run directory. Nothing else in src/run changes them, besides the lock.
 *
 * @module
 */
import * as fs from "node:fs";
import { type Contents, removeTemporaryFiles, writeFileAtomic, writeJson } from "../core/files.ts";
import { type Checkpoint, writeCheckpoint } from "../training/checkpoint.ts";

/** Writes and removes files of a run, each only after `guard` has not thrown. */
export class RunWriter {
  /** @param guard Throws if this process may no longer change the run, because it has lost the lock. */
  constructor(private readonly guard: () => void = () => {}) {}

  /** @throws {Failure} If it cannot be written. */
  file(file: string, contents: Contents): void {
    this.guard();
    writeFileAtomic(file, contents);
  }

  /** @throws {Failure} If it cannot be written. */
  json(file: string, value: unknown): void {
    this.guard();
    writeJson(file, value);
  }

  /** @throws {Failure} If it cannot be written. */
  checkpoint<State>(
    file: string,
    checkpoint: Checkpoint<State>,
    options: { previous?: string } = {},
  ): void {
    this.guard();
    writeCheckpoint(file, checkpoint, options);
  }

  remove(file: string): void {
    this.guard();
    fs.rmSync(file, { force: true });
  }

  /** Removes the files of killed writes from a directory. */
  removeTemporary(directory: string): void {
    this.guard();
    removeTemporaryFiles(directory);
  }
}
