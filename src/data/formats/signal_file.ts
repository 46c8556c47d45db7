/**
 * The result of reading a file: its leads as stored, and what the file states about them. Readers do not
 * convert units, choose leads or bridge gaps. Nothing in this folder uses Deno or Node.js, so that pages
 * can read recordings too.
 *
 * @module
 */

/** A file, and a way to the files that belong to it. */
export interface SourceFile {
  /** Its name without a folder. */
  readonly name: string;
  /** Its contents. */
  readonly bytes: Uint8Array;
  /** The bytes of a file in the same folder; null if there is none. */
  beside(name: string): Uint8Array | null;
}

/** One channel of a file. */
export interface Lead {
  /** Name in the file, trimmed; empty if it has none. */
  readonly name: string;
  /** Number by which a user can choose it, from 1: the signal of a record, the column of a table. */
  readonly number: number;
  /** The unit of (number - baseline) / gain, as the file writes it; null if it does not say. */
  readonly unit: string | null;
  /** Numbers per unit: 1 if the numbers are in the unit; null if the file does not say. */
  readonly gain: number | null;
  /** The number that means 0. */
  readonly baseline: number;
  /** Samples per second; null if the file does not say. */
  readonly rate: number | null;
  /** Decodes the numbers as stored [length]; NaN for a missing sample. */
  readonly numbers: () => Float64Array;
}

/** A recording as its file describes it. */
export interface SignalFile {
  /** At least one. */
  readonly leads: readonly Lead[];
  /** The source of the rate: "its header", `its column "timestamp [ms]"`. */
  readonly rateSource: string;
  /** The unit of time that its source was taken for; absent if the file names it. */
  readonly rateTakenFor?: string;
  /** Why times in the file give no rate: `its column "time" runs backwards at line 7`; absent without times. */
  readonly noRate?: string;
  /** The rate that the format's definition assumes if a file does not state one. */
  readonly defaultRate: { readonly rate: number; readonly why: string } | null;
}
