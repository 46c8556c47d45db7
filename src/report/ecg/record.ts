/**
 * The input of an ECG page: recordings and the predictions of networks for them.
 *
 * @module
 */

/** A value of the ticket, and that of the dense network if there is one. */
export interface Said<T> {
  dense?: T | undefined;
  ticket: T;
}

/** One recording with the class of each of its steps. */
export interface EcgRecord {
  name: string;
  /** The signal [samples]; samples that are not finite numbers become gaps. */
  samples: ArrayLike<number>;
  /** Units of `samples` per millivolt: 1 (the default) for millivolts. */
  perMillivolt?: number;
  /** Samples per second. */
  rate: number;
  /** Samples per step; 256 if not given. */
  hop?: number;
  classes: readonly string[];
  /** Position in `classes` for every step [steps]. */
  steps: Said<readonly number[]>;
  /** The class decided for the whole record; by default the most frequent of `steps`. */
  votes?: Said<number>;
  /** The class's name in the data set. */
  truth?: string;
  /** Softmax of each step, or the values that the page's notes describe [steps][classes]. */
  probabilities?: {
    dense?: readonly (readonly number[])[];
    ticket?: readonly (readonly number[])[];
  };
  /** Probability that the ticket gives each class for the whole record [classes]. */
  overall?: readonly number[];
  /** Null if there are too few beats; undefined if nothing is to be said about them. */
  beatsPerMinute?: number | null;
}

/** The records of a page and the text around them. */
export interface EcgInput {
  records: readonly EcgRecord[];
  /** Heading and title; by default that these are predictions. */
  title?: string;
  /** The result in a sentence. */
  answer?: string;
  /** Paragraphs below the answer: the origin of records and networks. */
  notes?: readonly string[];
  /** What the two networks are called. */
  networks?: { dense?: string; ticket?: string };
  /** A page to return to: an address relative to this one, and its name. */
  back?: { href: string; name: string };
}

/** A record as stored in the page. Times are in seconds, voltages in millivolts. */
export interface PackedRecord {
  name: string;
  truth: string | null;
  classes: string[];
  /** Little-endian int16 in units of `quantum`, as base64; -32768 is a gap. */
  samples: string;
  quantum: number;
  /** Stored samples per second; below `sourceRate` if only extremes are stored. */
  rate: number;
  sourceRate: number;
  seconds: number;
  stepSeconds: number;
  /** Smallest and largest voltage; 0 and 0 for a record of gaps. */
  low: number;
  high: number;
  steps: { dense: number[] | null; ticket: number[] };
  votes: { dense: number | null; ticket: number };
  probabilities: { dense: number[][] | null; ticket: number[][] | null };
  overall: number[] | null;
  /** Left out if nothing is to be said about it. */
  beatsPerMinute?: number | null;
}

/** Everything the script of an ECG page needs. */
export interface EcgData {
  /** For the names of saved files. */
  name: string;
  networks: { dense: string; ticket: string };
  records: PackedRecord[];
}

/** The number of steps that the two networks label differently; null without a dense network. */
export function disagreements({ steps: { dense, ticket } }: PackedRecord): number | null {
  return dense === null ? null : ticket.filter((label, i) => label !== dense[i]).length;
}

/** Whether the two networks label the whole record differently. */
export function votesDiffer({ votes: { dense, ticket } }: PackedRecord): boolean {
  return dense !== null && dense !== ticket;
}

/** The heart rate in words. */
export function beatsText(perMinute: number | null): string {
  return perMinute === null ? "too few beats for a rate" : `${perMinute.toFixed(0)} beats/min`;
}

/** How many samples are drawn as two, the smallest and the largest; null if all are drawn. */
export function stretchOf({ rate, sourceRate }: PackedRecord): number | null {
  return rate < sourceRate ? Math.round(2 * sourceRate / rate) : null;
}
