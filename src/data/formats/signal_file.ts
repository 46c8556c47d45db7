/**
 * What a reader makes of a file: its leads as the file stores them, and what the file says about them.
 * Nothing is converted, chosen or filled in here. Nothing in this folder uses Deno or Node.js, so a page
 * can read recordings, too.
 *
 * @module
 */

/** A file, and a way to the files that belong to it. */
export interface SourceFile {
  /** Its name without a folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The bytes of a file in the same folder; null if there is none. */
  beside(name: string): Uint8Array | null;
}

/** One channel of a file. */
export interface Lead {
  /** As the file calls it, trimmed; empty if it does not say. */
  readonly name: string;
  /** By which a user can choose it, from 1: the signal of a record, the column of a table. */
  readonly number: number;
  /** The unit of (number - baseline) / gain, as the file writes it; null if it does not say. */
  readonly unit: string | null;
  /** Numbers per unit: 1 if the numbers are in the unit; null if the file does not say. */
  readonly gain: number | null;
  /** The number that means 0. */
  readonly baseline: number;
  /** Samples per second; null if the file does not say. */
  readonly rate: number | null;
  /** Decodes the numbers as stored [length]; NaN where a sample is missing. */
  readonly numbers: () => Float64Array;
}

/** A recording as its file says it. */
export interface SignalFile {
  /** At least one. */
  readonly leads: readonly Lead[];
  /** What says the rate: "its header", `its column "timestamp [ms]"`. */
  readonly rateSource: string;
  /** The rate that the format's own definition assumes when a file does not say one. */
  readonly defaultRate: { readonly rate: number; readonly why: string } | null;
}
