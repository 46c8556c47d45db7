/**
 * Reads one recording from disk, ready for a network. All commands read recordings through this file.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { whyUnreadable } from "../core/files.ts";
import { SAMPLE_RATE } from "./format.ts";
import { MAX_GAP_SECONDS } from "./formats/gaps.ts";
import { prepare, type Prepared, type PrepareOptions } from "./formats/prepare.ts";
import {
  type Reading,
  type ReadingOptions,
  understand,
  type Understood,
} from "./formats/reading.ts";
import { readSignalFile } from "./formats/registry.ts";
import type { SourceFile } from "./formats/signal_file.ts";
import { BadRecord } from "./problem.ts";

/** How to read a recording. */
export interface RecordingOptions extends ReadingOptions, PrepareOptions {}

/** Default options. */
export const READING_DEFAULTS = {
  units: "auto",
  targetRate: SAMPLE_RATE,
  maxGap: MAX_GAP_SECONDS,
} as const satisfies RecordingOptions;

/** A recording in stored form, and how it was read. */
export interface Recording extends Prepared {
  readonly understood: Understood;
}

/**
 * Reads a recording in any format of formats/registry.ts.
 *
 * @throws {BadRecord} If it cannot be used, with the reason.
 */
export function readRecording(file: string, options: RecordingOptions): Recording {
  const reading = readReading(file, options);
  return { ...prepare(reading, options), understood: reading.understood };
}

/**
 * Reads a recording as a signal at its own rate, with missing samples as NaN, for callers that cut it before
 * they {@linkcode prepare} the pieces.
 *
 * @throws {BadRecord} If it cannot be read.
 */
export function readReading(file: string, options: ReadingOptions): Reading {
  return understand(readSignalFile(sourceFile(file)), options);
}

/** A file on disk, with access to the files beside it. @throws {BadRecord} If it cannot be read. */
function sourceFile(file: string): SourceFile {
  const folder = path.dirname(file);
  const name = path.basename(file);
  const bytes = readFile(file);
  const known = new Map<string, Uint8Array | null>([[name, bytes]]);
  return {
    name,
    bytes,
    beside: (name) => {
      let bytes = known.get(name);
      if (bytes === undefined) {
        bytes = readBytes(path.join(folder, name), { optional: true });
        known.set(name, bytes);
      }
      return bytes;
    },
  };
}

/** The bytes of a file that belongs to a recording. @throws {BadRecord} If it cannot be read. */
export function readFile(file: string): Uint8Array {
  return readBytes(file)!;
}

function readBytes(file: string, { optional = false } = {}): Uint8Array | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (optional && code === "ENOENT") return null;
    throw new BadRecord("unreadable", `${path.basename(file)}: ${whyUnreadable(error)}`);
  }
}
