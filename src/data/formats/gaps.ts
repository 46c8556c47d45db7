/**
 * Bridges short gaps of missing samples and refuses long ones.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";

/**
 * Default of `--max-gap` in seconds. A bridge of this length hides at most one beat at up to 120 beats per
 * minute. A longer bridge would look like a pause, which is evidence for a rhythm.
 */
export const MAX_GAP_SECONDS = 0.5;

/** A signal without gaps. */
export interface Bridged {
  /** [length]; the same array if nothing was missing. */
  readonly signal: Float64Array;
  /** Number of missing samples. */
  readonly missing: number;
  /** Number of gaps. */
  readonly gaps: number;
}

/**
 * Replaces missing samples (NaN) by straight lines between their neighbours; at an end, by the only neighbour.
 *
 * @throws {BadRecord} If a gap is longer than `maxGap` seconds, or all samples are missing.
 */
export function bridgeGaps(
  signal: Float64Array,
  { rate, maxGap }: { rate: number; maxGap: number },
): Bridged {
  let [missing, gaps] = [0, 0];
  let out = signal;
  for (let i = 0; i < signal.length; i++) {
    if (!Number.isNaN(signal[i]!)) continue;
    const first = i;
    while (i < signal.length && Number.isNaN(signal[i]!)) i++;
    const length = i - first;
    if (length === signal.length) {
      throw new BadRecord("missing-samples", `all ${length} samples are missing`);
    }
    if (length > maxGap * rate) {
      throw new BadRecord("missing-samples", {
        fact: `${seconds(length / rate)} s are missing at ${seconds(first / rate)} s, more than ` +
          `the ${maxGap} s that are bridged`,
        remedy: { kind: "bridge-more" },
      });
    }
    if (out === signal) out = signal.slice();
    const [left, right] = [signal[first - 1] ?? signal[i]!, signal[i] ?? signal[first - 1]!];
    for (let k = 0; k < length; k++) {
      out[first + k] = left + (right - left) * (k + 1) / (length + 1);
    }
    missing += length;
    gaps++;
  }
  return { signal: out, missing, gaps };
}

function seconds(value: number): string {
  return value >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
}
