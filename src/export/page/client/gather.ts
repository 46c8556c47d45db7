/**
 * The recordings among files that were dropped together. Nothing here uses Deno or Node.js.
 *
 * @module
 */
import { fullestOf, recordFiles, stemOf } from "../../../data/formats/record_files.ts";
import type { SourceFile } from "../../../data/formats/signal_file.ts";

/**
 * Each recording with access to the other files. Whoever takes them must read one before it asks for the
 * next: a file that no recording has read and that shares no name with one comes last, on its own, so that
 * reading it says what is wrong with it.
 */
export function* recordingsAmong(files: ReadonlyMap<string, Uint8Array>): Generator<SourceFile> {
  const used = new Set<string>();
  const bytesOf = (name: string): Uint8Array | null => {
    used.add(name);
    return files.get(name) ?? null;
  };
  const source = (name: string): SourceFile => ({
    name,
    bytes: bytesOf(name)!,
    beside: bytesOf,
  });
  const names = [...files.keys()];
  const found = recordFiles(names, (name) => files.get(name) ?? null);
  for (const own of found.values()) yield source(fullestOf(own)!);
  for (const name of names) {
    if (!used.has(name) && !found.has(stemOf(name))) yield source(name);
  }
}
