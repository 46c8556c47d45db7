/**
 * The first half of Hamilton's QRS detector (heart_rate.ts): filters whose output has a hump at each QRS
 * complex, and the humps. Samples go through one by one, so a recording of a day needs little memory.
 *
 * @module
 */

/** A hump of the filtered signal: perhaps a beat. */
export interface QrsPeak {
  /** Where it lies in the recording, without the delay of the filters. */
  readonly seconds: number;
  /** Of the hump. */
  readonly height: number;
  /** The steepest slope around it, up or down. */
  readonly slope: number;
  /** Whether the signal both rises and falls there; a step of the baseline does only one of them. */
  readonly rises: boolean;
}

/** Widths in seconds. */
const WIDTHS = { lowPass: 0.025, highPass: 0.125, slope: 0.01, average: 0.08 } as const;
/** Seconds in which only the highest hump counts. */
const APART = 0.2;
/** Seconds around a hump in which slopes belong to it. */
const AROUND = 0.22;
/** The smaller of rise and fall is at least this share of the larger one. */
const BOTH_WAYS = 1 / 8;

/** The humps of a recording in order; none lies within 0.2 s of a higher one. */
export function peaksOf(samples: ArrayLike<number>, rate: number): QrsPeak[] {
  const width = (seconds: number) => Math.max(1, Math.round(seconds * rate));
  const low = [new MovingAverage(width(WIDTHS.lowPass)), new MovingAverage(width(WIDTHS.lowPass))];
  const base = new MovingAverage(width(WIDTHS.highPass));
  // What the slow average is subtracted from must wait for its middle.
  const waiting = new Delay(Math.floor(base.width / 2));
  const before = new Delay(width(WIDTHS.slope));
  const average = new MovingAverage(width(WIDTHS.average));
  const rawBefore = new Delay(before.length);
  const apart = width(APART);
  // Where the slopes of a hump lie when it is certain that nothing higher follows.
  const ago = apart + waiting.length + Math.floor(average.width / 2);
  const around = Math.floor(width(AROUND) / 2);
  const slopes = new Float64Array(ago + around + 1);
  const steepness = new Float64Array(slopes.length);
  // A mean over w values is (w - 1) / 2 late.
  const delay = low[0]!.width - 1 + waiting.length + before.length / 2 + (average.width - 1) / 2;
  const peaks: QrsPeak[] = [];
  let [older, newer] = [0, 0];
  let highest: { height: number; at: number } | null = null;
  // The filters start as if the recording had always been at its first sample, and end likewise.
  const first = samples[0] ?? 0;
  const end = samples.length + Math.ceil(delay);
  for (let n = 0; n < end + apart; n++) {
    const x = samples[Math.min(n, samples.length - 1)]! - first;
    const smooth = low[1]!.push(low[0]!.push(x));
    const level = waiting.push(smooth) - base.push(smooth);
    slopes[n % slopes.length] = smooth - rawBefore.push(smooth);
    const steep = Math.abs(level - before.push(level));
    steepness[n % steepness.length] = steep;
    const height = average.push(steep);
    const isHump = older < newer && newer >= height && n <= end;
    if (isHump && newer > (highest?.height ?? 0)) highest = { height: newer, at: n - 1 };
    [older, newer] = [newer, height];
    if (highest === null || n - highest.at < apart) continue;
    let [up, down, steepest] = [0, 0, 0];
    for (let i = n - ago - around; i <= n - ago + around; i++) {
      const slope = i < 0 ? 0 : slopes[i % slopes.length]!;
      up = Math.max(up, slope);
      down = Math.max(down, -slope);
      if (i >= 0) {
        steepest = Math.max(steepest, steepness[(i + waiting.length) % steepness.length]!);
      }
    }
    peaks.push({
      seconds: Math.max(0, (highest.at - delay) / rate),
      height: highest.height,
      slope: steepest,
      rises: Math.min(up, down) > BOTH_WAYS * Math.max(up, down),
    });
    highest = null;
  }
  return peaks;
}

/** The mean of the last `width` values; the ones before the first are 0. */
class MovingAverage {
  private readonly ring: Float64Array;
  readonly width: number;
  private at = 0;
  private sum = 0;

  constructor(width: number) {
    this.width = width;
    this.ring = new Float64Array(width);
  }

  push(x: number): number {
    this.sum += x - this.ring[this.at]!;
    this.ring[this.at] = x;
    if (++this.at === this.width) this.at = 0;
    // Added again once a round, so that rounding does not add up over a day.
    if (this.at === 0) this.sum = this.ring.reduce((sum, value) => sum + value, 0);
    return this.sum / this.width;
  }
}

/** Gives what was pushed `length` values ago. */
class Delay {
  private readonly ring: Float64Array;
  readonly length: number;
  private at = 0;

  constructor(length: number) {
    this.length = length;
    this.ring = new Float64Array(length);
  }

  push(x: number): number {
    if (this.length === 0) return x;
    const old = this.ring[this.at]!;
    this.ring[this.at] = x;
    if (++this.at === this.length) this.at = 0;
    return old;
  }
}
