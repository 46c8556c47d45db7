/**
 * A recording and what networks said about it: what an ECG page is made from.
 *
 * @module
 */

/** Values of the dense network, where there is one, beside the ticket's. */
export interface Said<T> {
  dense?: T | undefined;
  ticket: T;
}

/** One recording with the class of each of its steps. */
export interface EcgRecord {
  name: string;
  /** The signal [samples]; what is not a finite number becomes a gap. */
  samples: ArrayLike<number>;
  /** How many units of `samples` make one millivolt: 1 (the default) for millivolts. */
  perMillivolt?: number;
  /** Samples per second. */
  rate: number;
  /** Samples per step; 256 if not given. */
  hop?: number;
  classes: readonly string[];
  /** Position in `classes` for every step [steps]. */
  steps: Said<readonly number[]>;
  /** The class that is decided for the whole record; the most frequent of `steps` if not given. */
  votes?: Said<number>;
  /** The class's name in the data set. */
  truth?: string;
  /** Softmax per step, or what the page's notes say it is [steps][classes]. */
  probabilities?: {
    dense?: readonly (readonly number[])[];
    ticket?: readonly (readonly number[])[];
  };
  /** How sure the ticket is of each class for the whole record [classes]. */
  overall?: readonly number[];
}

/** The records of a page and what stands around them. */
export interface EcgInput {
  records: readonly EcgRecord[];
  /** Heading and title; by default that these are predictions. */
  title?: string;
  /** The result in a sentence. */
  answer?: string;
  /** Below it: where records and networks come from. */
  notes?: readonly string[];
  /** What the two networks are called. */
  networks?: { dense?: string; ticket?: string };
  /** A page to return to: an address relative to this one, and its name. */
  back?: { href: string; name: string };
}

/** A record as the page carries it. Times are in seconds, voltages in millivolts. */
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
}

/** Everything the script of an ECG page needs. */
export interface EcgData {
  /** For the names of saved files. */
  name: string;
  networks: { dense: string; ticket: string };
  records: PackedRecord[];
}

/** How many steps of a record the two networks name differently; null without a dense network. */
export function disagreements({ steps: { dense, ticket } }: PackedRecord): number | null {
  return dense === null ? null : ticket.filter((label, i) => label !== dense[i]).length;
}

/** Whether the two networks name the whole record differently. */
export function votesDiffer({ votes: { dense, ticket } }: PackedRecord): boolean {
  return dense !== null && dense !== ticket;
}
