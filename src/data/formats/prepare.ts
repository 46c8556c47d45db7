/**
 * Prepares a signal for a network: without gaps, at the network's rate, as 16-bit integers.
 *
 * @module
 */
import { HOP, usedLength } from "../format.ts";
import type { Finding } from "../advice.ts";
import { BadRecord } from "../problem.ts";
import { resample } from "../resample.ts";
import { bridgeGaps } from "./gaps.ts";
import { doubtsAbout, extremesOf, unitRemedy } from "./plausible.ts";
import type { Reading } from "./reading.ts";
import { UNITS_PER_MILLIVOLT } from "./units.ts";

/** The requirements of a network. */
export interface PrepareOptions {
  /** Samples per second of the network. */
  readonly targetRate: number;
  /** Longest gap in seconds that is bridged. */
  readonly maxGap: number;
}

/** A signal that is ready for a network. */
export interface Prepared {
  /** Stored units (1000 per mV) at the target rate [length]. */
  readonly samples: Int16Array;
  /** Number of bridged samples of the source. */
  readonly missing: number;
  /** Number of gaps that they were in. */
  readonly gaps: number;
  /** Reasons to doubt that it is an ECG; see plausible.ts. */
  readonly doubts: readonly Finding[];
}

const INT16_MIN = -32768;
const INT16_MAX = 32767;

/**
 * Bridges gaps, resamples and rounds.
 *
 * @throws {BadRecord} If a gap is too long, values do not fit into 16 bits, or the signal is constant or
 * shorter than a step.
 */
export function prepare(
  { signal, rate, understood: { unit, unitFrom } }: Reading,
  { targetRate, maxGap }: PrepareOptions,
): Prepared {
  const whole = bridgeGaps(signal, { rate, maxGap });
  refuseTooLarge(whole.signal, unit);
  const samples = toRate(whole.signal, { from: rate, to: targetRate });
  refuseUseless(samples, targetRate);
  const { missing, gaps } = whole;
  const doubts = doubtsAbout(whole.signal, {
    ...{ rate, missing, unit },
    assumed: unitFrom === "assumed",
  });
  return { samples, missing, gaps, doubts };
}

function refuseTooLarge(signal: Float64Array, unit: string): void {
  const { low, high } = extremesOf(signal);
  if (Math.round(low) >= INT16_MIN && Math.round(high) <= INT16_MAX) return;
  const largest = (Math.abs(low) > high ? low : high) / UNITS_PER_MILLIVOLT;
  throw new BadRecord("out-of-range", {
    fact: `${Number(largest.toPrecision(5))} mV is more than the 32.767 mV that fit`,
    remedy: unitRemedy((high - low) / UNITS_PER_MILLIVOLT, unit),
  });
}

function toRate(signal: Float64Array, { from, to }: { from: number; to: number }): Int16Array {
  const values = from === to ? signal : resample(signal, { from, to });
  // The filter may overshoot near the ends of the range; such values are clamped.
  const samples = new Int16Array(values.length);
  for (let i = 0; i < samples.length; i++) {
    samples[i] = Math.max(INT16_MIN, Math.min(INT16_MAX, Math.round(values[i]!)));
  }
  return samples;
}

/** @throws {BadRecord} If the signal is shorter than a step, or constant. */
function refuseUseless(samples: Int16Array, rate: number): void {
  if (samples.length < HOP) {
    throw new BadRecord(
      "too-short",
      `${samples.length} samples at ${rate} Hz, at least ${HOP} are needed`,
    );
  }
  const used = samples.subarray(0, usedLength(samples.length));
  if (used.every((value) => value === used[0])) {
    throw new BadRecord("constant", `all ${used.length} samples are ${used[0]}`);
  }
}
