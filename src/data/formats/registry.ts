/**
 * The formats of recordings, and the one way to read any of them.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { isEdf, readEdf } from "./edf.ts";
import { isHdf5, refuseHdf5 } from "./hdf5.ts";
import { isMat4, readMat4 } from "./mat4.ts";
import { isMat5, readMat5 } from "./mat5.ts";
import type { SignalFile, SourceFile } from "./signal_file.ts";
import { readTable } from "./table.ts";
import { readWfdb } from "./wfdb.ts";
import { parseWfdbHeader } from "./wfdb_header.ts";

/** How a format is recognised and read. */
export interface Format {
  /** Name in messages and tables. */
  readonly title: string;
  /** Endings of its files, in lower case. */
  readonly endings: readonly string[];
  /** Whether contents are of this format; null for a format without a signature. */
  readonly matches: ((bytes: Uint8Array) => boolean) | null;
  /**
   * Reads a file of this format.
   *
   * @throws {BadRecord} If it cannot be read; the message says what was found.
   */
  readonly read: (source: SourceFile) => SignalFile;
}

/** All formats, in the order in which they are tried. */
const REGISTRY = {
  mat5: {
    title: "MATLAB v5",
    endings: [".mat"],
    matches: isMat5,
    read: ({ bytes }) => readMat5(bytes),
  },
  hdf5: { title: "MATLAB v7.3", endings: [".mat"], matches: isHdf5, read: refuseHdf5 },
  edf: {
    title: "EDF",
    endings: [".edf", ".bdf", ".rec"],
    matches: isEdf,
    read: ({ bytes }) => readEdf(bytes),
  },
  mat4: {
    title: "MATLAB v4",
    endings: [".mat"],
    matches: null,
    read: ({ bytes }) => readMat4(bytes),
  },
  wfdb: { title: "WFDB", endings: [".hea"], matches: null, read: readWfdb },
  text: {
    title: "text",
    endings: [".csv", ".txt", ".tsv"],
    matches: null,
    read: ({ bytes }) => readTable(bytes),
  },
} as const satisfies Readonly<Record<string, Format>>;

/** The name of a format in this registry. */
export type FormatName = keyof typeof REGISTRY;
/** Every format by its name. */
export const FORMATS: Readonly<Record<FormatName, Format>> = REGISTRY;
const FORMAT_NAMES = Object.keys(REGISTRY) as FormatName[];

/** Endings of all files that are recordings, in lower case. */
export const ENDINGS: readonly string[] = [
  ...new Set(FORMAT_NAMES.flatMap((name) => FORMATS[name].endings)),
];

/** A file that was read. */
export interface ReadFile extends SignalFile {
  /** The format that its contents or its ending has. */
  readonly format: FormatName;
}

/**
 * Reads a recording. Its contents decide the format, else its ending. A signal file with a WFDB
 * header of the same name in the same folder is read as that record.
 *
 * @throws {BadRecord} If it cannot be read.
 */
export function readSignalFile(source: SourceFile): ReadFile {
  const header = headerOf(source);
  if (header) return { format: "wfdb", ...readWfdb(header) };
  if (source.bytes.length === 0) throw new BadRecord("empty", "0 bytes");
  const format = formatOf(source);
  return { format, ...FORMATS[format].read(source) };
}

/** The format of a file that no header describes. @throws {BadRecord} If it has no known format. */
export function formatOf({ name, bytes }: Pick<SourceFile, "name" | "bytes">): FormatName {
  const byContent = FORMAT_NAMES.find((each) => FORMATS[each].matches?.(bytes));
  if (byContent) return byContent;
  const ending = endingOf(name);
  if (ending === ".mat") {
    if (isMat4(bytes)) return "mat4";
    throw new BadRecord("not-v4", startOf(bytes, "it is no MATLAB file of version 4 or 5"));
  }
  const byEnding = FORMAT_NAMES.find((each) => FORMATS[each].endings.includes(ending));
  if (byEnding === "edf") throw new BadRecord("unreadable", startOf(bytes, "it is no EDF or BDF"));
  if (byEnding) return byEnding;
  throw new BadRecord("unreadable", `a recording ends in ${ENDINGS.join(", ")} or .dat`);
}

function startOf(bytes: Uint8Array, what: string): string {
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `${what}: ${bytes.length} bytes that begin with ${start.join(" ")}`;
}

/** A name's ending with the dot, in lower case; empty if it has none. */
export function endingOf(name: string): string {
  return /\.[^.]*$/.exec(name)?.[0].toLowerCase() ?? "";
}

/**
 * The header of a signal file, if there is one in the same folder.
 *
 * @throws {BadRecord} If the header does not describe the file.
 */
function headerOf({ name, beside }: SourceFile): SourceFile | null {
  if (!/\.(mat|dat)$/i.test(name)) return null;
  const stem = name.replace(/\.[^.]*$/, "");
  const header = [`${stem}.hea`, `${stem}.HEA`].find((each) => beside(each) !== null) ??
    `${stem}.hea`;
  const bytes = beside(header);
  if (bytes === null) {
    if (!/\.dat$/i.test(name)) return null;
    throw new BadRecord("unreadable", `${header}, the header that describes it, is not there`);
  }
  const { signals, segments } = parseWfdbHeader(bytes);
  if (segments.length === 0 && signals.some(({ file }) => file === name)) {
    return { name: header, bytes, beside };
  }
  throw new BadRecord(
    "unreadable",
    `${header} beside it describes ${
      signals[0]?.file ?? "other files"
    }, not ${name}: name ${header} ` +
      "to read that record, or move one of them",
  );
}
