/**
 * The heart rate of a recording, from the QRS detector of Hamilton, "Open source ECG analysis",
 * Computers in Cardiology 29, 2002, pages 101 to 104 (filters of its section 2, rules of its section 3). It
 * looks at one lead and does not know the network's labels. Pages use it too, so nothing here uses Deno or
 * Node.js.
 *
 * @module
 */
import { peaksOf, type QrsPeak } from "./qrs_peaks.ts";

/** The rate over a recording. */
export interface HeartRate {
  /**
   * Beats per minute: 60 over the median interval in seconds, which noise at some places changes less than
   * the mean; null if there are fewer than three beats.
   */
  readonly perMinute: number | null;
  /** Number of detected beats. */
  readonly beats: number;
}

/**
 * @param samples One lead in any unit [length].
 * @param rate Samples per second.
 */
export function heartRate(samples: ArrayLike<number>, rate: number): HeartRate {
  const beats = findBeats(samples, rate);
  const intervals = beats.slice(1).map((seconds, i) => seconds - beats[i]!);
  return {
    perMinute: intervals.length >= 2 ? 60 / median(intervals) : null,
    beats: beats.length,
  };
}

/** Peaks of how many latest beats, and of how much latest noise, make the threshold. */
const REMEMBERED = 8;
/** The threshold lies at this share of the way from noise to beats. */
const THRESHOLD = 0.3125;
/** Seconds after a beat in which a peak of less than half its slope is its T wave. */
const T_WAVE = 0.36;
/** A beat is missing after this many usual intervals. */
const MISSING = 1.5;
/** An interval to begin with, in seconds. */
const FIRST_INTERVAL = 1;

/** The times of the beats in seconds; arguments as in {@linkcode heartRate}. */
export function findBeats(samples: ArrayLike<number>, rate: number): number[] {
  const peaks = peaksOf(samples, rate);
  const rules = new Rules(peaks);
  for (const peak of peaks) rules.take(peak);
  rules.finish(samples.length / rate);
  return rules.beats.map(({ seconds }) => seconds);
}

class Rules {
  readonly beats: QrsPeak[] = [];
  private readonly beatHeights: number[];
  private readonly noiseHeights: number[] = new Array(REMEMBERED).fill(0);
  private readonly intervals: number[] = new Array(REMEMBERED).fill(FIRST_INTERVAL);
  /** Peaks since the last beat that were taken for noise. */
  private rejected: QrsPeak[] = [];

  /** The highest peak of each of the first eight seconds stands for earlier beats. */
  constructor(peaks: readonly QrsPeak[]) {
    this.beatHeights = Array.from({ length: REMEMBERED }, (_, second) =>
      peaks.reduce(
        (most, { seconds, height }) =>
          Math.floor(seconds) === second ? Math.max(most, height) : most,
        0,
      ));
    // A recording may end before.
    const known = this.beatHeights.filter((height) => height > 0);
    this.beatHeights = this.beatHeights.map((height) => height || median(known));
  }

  take(peak: QrsPeak): void {
    this.searchBack(peak.seconds);
    const last = this.beats.at(-1);
    const isTWave = last !== undefined && peak.seconds - last.seconds < T_WAVE &&
      peak.slope < last.slope / 2;
    if (isTWave) return;
    if (peak.height > this.threshold && peak.rises) return this.beat(peak);
    if (peak.rises) this.rejected.push(peak);
    remember(this.noiseHeights, peak.height);
  }

  finish(seconds: number): void {
    this.searchBack(seconds);
  }

  private get threshold(): number {
    const noise = median(this.noiseHeights);
    return noise + THRESHOLD * (median(this.beatHeights) - noise);
  }

  private beat(peak: QrsPeak): void {
    const last = this.beats.at(-1);
    if (last !== undefined) remember(this.intervals, peak.seconds - last.seconds);
    remember(this.beatHeights, peak.height);
    this.rejected = this.rejected.filter(({ seconds }) => seconds > peak.seconds);
    this.beats.push(peak);
  }

  /** Where a beat is missing before `now`, the highest peak over half the threshold was one. */
  private searchBack(now: number): void {
    for (;;) {
      const last = this.beats.at(-1);
      if (last === undefined || now - last.seconds < MISSING * median(this.intervals)) return;
      const candidates = this.rejected.filter(({ seconds, height }) =>
        seconds - last.seconds >= T_WAVE && height > this.threshold / 2
      );
      if (candidates.length === 0) return;
      this.beat(candidates.reduce((best, each) => each.height > best.height ? each : best));
    }
  }
}

function remember(values: number[], value: number): void {
  values.shift();
  values.push(value);
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
