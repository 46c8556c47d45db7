/**
 * Recordings as compact text inside a page.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../core/base64.ts";
import type { EcgRecord, PackedRecord } from "./record.ts";

/** Largest number of samples on a page; of longer recordings only the extremes of short stretches are stored. */
const MAX_SAMPLES = 900_000;

/** The stored value for a sample that is not a number. */
const GAP = -32768;

/** Smallest quantum in millivolts: 1 microvolt. */
const FINEST = 0.001;

const HOP = 256;

/**
 * The records as stored in a page: samples are rounded to a microvolt (or to 1/32767 of the record's largest
 * voltage, if that is coarser). If all records together have more than {@linkcode MAX_SAMPLES} samples, only
 * the smallest and the largest sample of every stretch are kept, in their order in time.
 */
export function packRecords(records: readonly EcgRecord[], most = MAX_SAMPLES): PackedRecord[] {
  const total = records.reduce((sum, { samples }) => sum + samples.length, 0);
  // Two samples are kept of each stretch.
  const stretch = total <= most ? 1 : 2 * Math.ceil(total / most);
  return records.map((record) => packRecord(record, stretch));
}

function packRecord(record: EcgRecord, stretch: number): PackedRecord {
  const { name, rate, hop = HOP, classes, steps, probabilities, perMillivolt = 1 } = record;
  const volts = Float64Array.from(record.samples, (value) => value / perMillivolt);
  const [low, high] = limits(volts);
  const quantum = Math.max(FINEST, Math.max(Math.abs(low), Math.abs(high)) / 32767);
  const stored = stretch === 1 ? volts : extremes(volts, stretch);
  const units = Int16Array.from(
    stored,
    (value) => Number.isFinite(value) ? Math.round(value / quantum) : GAP,
  );
  return {
    name,
    truth: record.truth ?? null,
    classes: [...classes],
    samples: base64(units),
    quantum,
    rate: stretch === 1 ? rate : 2 * rate / stretch,
    sourceRate: rate,
    seconds: volts.length / rate,
    stepSeconds: hop / rate,
    low,
    high,
    steps: { dense: steps.dense ? [...steps.dense] : null, ticket: [...steps.ticket] },
    votes: {
      dense: record.votes?.dense ?? (steps.dense ? mostFrequent(steps.dense) : null),
      ticket: record.votes?.ticket ?? mostFrequent(steps.ticket),
    },
    probabilities: {
      dense: shares(probabilities?.dense),
      ticket: shares(probabilities?.ticket),
    },
    overall: record.overall ? [...record.overall] : null,
    ...(record.beatsPerMinute === undefined ? {} : { beatsPerMinute: record.beatsPerMinute }),
  };
}

/** Smallest and largest of each `stretch` samples, in their order; a gap where all are gaps. */
export function extremes(samples: Float64Array, stretch: number): Float64Array {
  const kept = new Float64Array(2 * Math.ceil(samples.length / stretch));
  for (let i = 0; i * stretch < samples.length; i++) {
    const end = Math.min(samples.length, (i + 1) * stretch);
    let [smallest, largest] = [-1, -1];
    for (let at = i * stretch; at < end; at++) {
      if (!Number.isFinite(samples[at])) continue;
      if (smallest < 0 || samples[at]! < samples[smallest]!) smallest = at;
      if (largest < 0 || samples[at]! > samples[largest]!) largest = at;
    }
    kept[2 * i] = smallest < 0 ? NaN : samples[Math.min(smallest, largest)]!;
    kept[2 * i + 1] = smallest < 0 ? NaN : samples[Math.max(smallest, largest)]!;
  }
  return kept;
}

/** The samples of a packed record in millivolts, NaN where there is a gap. */
export function unpackSamples({ samples, quantum }: PackedRecord): Float32Array {
  const bytes = fromBase64(samples);
  const view = new DataView(bytes.buffer);
  const volts = new Float32Array(bytes.length / 2);
  for (let i = 0; i < volts.length; i++) {
    const units = view.getInt16(2 * i, true);
    volts[i] = units === GAP ? NaN : units * quantum;
  }
  return volts;
}

function limits(volts: Float64Array): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of volts) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 0];
}

function base64(units: Int16Array): string {
  const bytes = new Uint8Array(2 * units.length);
  const view = new DataView(bytes.buffer);
  units.forEach((value, i) => view.setInt16(2 * i, value, true));
  return toBase64(bytes);
}

/** Shares rounded to three decimals, which are enough to read. */
function shares(rows: readonly (readonly number[])[] | undefined): number[][] | null {
  return rows?.map((row) => row.map((value) => Math.round(1000 * value) / 1000)) ?? null;
}

function mostFrequent(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  labels.forEach((label) => counts.set(label, (counts.get(label) ?? 0) + 1));
  return [...counts].sort(([a, x], [b, y]) => y - x || a - b)[0]?.[0] ?? 0;
}
