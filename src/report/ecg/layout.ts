/**
 * The layout of a recording on millimetre paper.
 *
 * @module
 */

/** CSS pixels per millimetre, so that paper printed at 100 % has the true size. */
export const PX_PER_MM = 96 / 25.4;

/** The usual paper speed and gain. */
export const MM_PER_SECOND = 25;
export const MM_PER_MILLIVOLT = 10;

/** Largest height of a row in millimetres; larger deflections are drawn at a lower gain. */
const HIGHEST = 55;

/** Millimetres to the left of the signal, for the calibration pulse. */
export const MARGIN_MM = 9;

/** A recording's place on paper. */
export interface Layout {
  /** First and last second of each row; the last row may end after the recording. */
  rows: { from: number; to: number }[];
  mmPerSecond: number;
  mmPerMillivolt: number;
  /** Voltages at the lower and the upper edge of a row: multiples of 5 mm. */
  low: number;
  high: number;
  /** Height of the paper in a row, pixels. */
  height: number;
}

/** The range of a recording, in seconds and millivolts. */
export interface Extent {
  seconds: number;
  stepSeconds: number;
  low: number;
  high: number;
}

/**
 * Rows of whole steps at 25 mm/s, or with `whole` a single row over the full width.
 *
 * @param room.width Pixels.
 */
export function layOut(
  { seconds, stepSeconds, low, high }: Extent,
  { width, whole }: { width: number; whole: boolean },
): Layout {
  const mm = Math.max(10, width / PX_PER_MM - MARGIN_MM);
  const mmPerMillivolt = gainFor(high - low);
  const square = 5 / mmPerMillivolt;
  const bottom = Math.floor(low / square + 1e-9) * square - square;
  const top = Math.ceil(high / square - 1e-9) * square + square;
  const vertical = {
    mmPerMillivolt,
    low: bottom,
    high: top,
    height: (top - bottom) * mmPerMillivolt * PX_PER_MM,
  };
  if (whole || seconds <= 0) {
    return {
      rows: [{ from: 0, to: Math.max(seconds, 0.1) }],
      mmPerSecond: mm / Math.max(seconds, 0.1),
      ...vertical,
    };
  }
  const length = Math.max(1, Math.floor(mm / MM_PER_SECOND / stepSeconds)) * stepSeconds;
  // If a row is too short for one step at the usual speed, time is compressed.
  const mmPerSecond = Math.min(MM_PER_SECOND, mm / length);
  const rows = Array.from(
    { length: Math.ceil(seconds / length - 1e-9) },
    (_, i) => ({ from: i * length, to: (i + 1) * length }),
  );
  return { rows, mmPerSecond, ...vertical };
}

/** 10 mm/mV, or the first half, quarter, ... at which `range` millivolts fit a row. */
export function gainFor(range: number): number {
  let gain = MM_PER_MILLIVOLT;
  while (range * gain > HIGHEST) gain /= 2;
  return gain;
}

/** A part of a signal: for each column its extremes and its first and last sample. */
export interface Envelope {
  /** For each column the smallest, largest, first and last sample; NaN if it has none. */
  low: Float32Array;
  high: Float32Array;
  first: Float32Array;
  last: Float32Array;
}

/**
 * The samples `from` to `to` (not included) over `columns` equal columns. Every sample belongs to exactly
 * one column, so that no extreme is lost.
 */
export function envelope(
  samples: Float32Array,
  { from, to, columns }: { from: number; to: number; columns: number },
): Envelope {
  const column = () => new Float32Array(columns).fill(NaN);
  const [low, high, first, last] = [column(), column(), column(), column()];
  const start = Math.max(0, Math.ceil(from));
  const end = Math.min(samples.length, Math.ceil(to));
  for (let i = start; i < end; i++) {
    const value = samples[i]!;
    if (Number.isNaN(value)) continue;
    const c = Math.min(columns - 1, Math.floor((i - from) / (to - from) * columns));
    if (Number.isNaN(first[c])) low[c] = high[c] = first[c] = value;
    last[c] = value;
    if (value < low[c]!) low[c] = value;
    if (value > high[c]!) high[c] = value;
  }
  return { low, high, first, last };
}

/** Paper speed and gain in a sentence, with what is unusual about them. */
export function scaleText({ mmPerSecond, mmPerMillivolt }: Layout): string {
  const speed = `${Number(mmPerSecond.toPrecision(3))} mm/s`;
  const usual = Math.abs(mmPerSecond - MM_PER_SECOND) < 1e-9
    ? ""
    : " (not the usual 25 mm/s: only the vertical scale is true)";
  const gain = mmPerMillivolt === MM_PER_MILLIVOLT
    ? ""
    : " (lowered from 10 mm/mV, so that the largest deflections fit on the paper)";
  return `${speed}${usual}, ${mmPerMillivolt} mm/mV${gain}.`;
}
