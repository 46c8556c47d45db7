/**
 * Finds the recordings among the files of a folder, and the files that belong to each.
 *
 * @module
 */
import { endingOf, ENDINGS } from "./registry.ts";
import { parseWfdbHeader } from "./wfdb_header.ts";

/** Files in published data sets that are not recordings. */
const NO_RECORDING =
  /^\.|^(reference.*|labels?|readme.*|license.*|licence.*|records.*|annotators.*|sha256sums.*|md5sums.*)\.(csv|txt|tsv)$/i;

/**
 * The recordings among a folder's file names, by name without ending. A WFDB record counts as one recording:
 * its `.mat` if it has one, else its header. Signal files and segments that a header lists are not separate
 * recordings. Several files of one name are one recording in several formats.
 *
 * @param read The bytes of one of the files; null if it cannot be read.
 */
export function recordFiles(
  names: readonly string[],
  read: (name: string) => Uint8Array | null,
): Map<string, string[]> {
  const present = new Set(names);
  const claimed = new Set<string>();
  for (const name of names) {
    if (endingOf(name) !== ".hea" || NO_RECORDING.test(name)) continue;
    const matrix = `${stemOf(name)}.mat`;
    for (const file of filesOf(read(name)) ?? [matrix]) {
      if (file === name) continue;
      // A record that is a single .mat is named after that file.
      claimed.add(file === matrix && present.has(matrix) ? name : file);
    }
  }
  const found = new Map<string, string[]>();
  for (const name of names.toSorted()) {
    if (claimed.has(name) || NO_RECORDING.test(name) || !ENDINGS.includes(endingOf(name))) continue;
    const stem = stemOf(name);
    found.set(stem, [...(found.get(stem) ?? []), name]);
  }
  return found;
}

/** Of the files of one recording in several formats, the one that says most; undefined if there is none. */
export function fullestOf(files: readonly string[]): string | undefined {
  const rank = (name: string) => ENDINGS.indexOf(endingOf(name));
  return files.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** A file's name without its ending. */
export function stemOf(name: string): string {
  return name.slice(0, name.length - endingOf(name).length);
}

/** The files that a header lists; null if it is damaged (reading it later reports that). */
function filesOf(bytes: Uint8Array | null): string[] | null {
  if (bytes === null) return null;
  try {
    const { signals, segments } = parseWfdbHeader(bytes);
    return [
      ...signals.map(({ file }) => file),
      ...segments.flatMap(({ name }) => (name === null ? [] : [`${name}.hea`])),
    ];
  } catch {
    return null;
  }
}
