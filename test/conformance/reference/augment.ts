/**
 * Augmentation of one record in float64: the draws of native/include/lth/augmented_slot.h, which are whole
 * numbers and exact, and the samples that follow from them.
 *
 * @module
 */
import type { Augmentation, Range } from "../../../src/addon/native.ts";
import { randomBits, type RandomKey, randomKey } from "./random.ts";

/** Layers of the random keys. */
const LAYER = {
  draws: 0xffffffff,
  noise: 0xfffffffe,
  bursts: 0xfffffffd,
  mixup: 0xfffffffc,
} as const;

/** Which record of which batch. */
export interface AugmentedSlotOptions {
  /** Samples of the record. */
  readonly samples: Int16Array;
  /** L of the batch. */
  readonly length: number;
  readonly mean: number;
  readonly std: number;
  /** Negate the record. */
  readonly negate: boolean;
  readonly seed: bigint;
  readonly stream: number;
  /** n */
  readonly slot: number;
}

/** A slot's valid samples, each with the sum of its terms' absolute values. */
export interface AugmentedRecord {
  readonly values: Float64Array;
  readonly terms: Float64Array;
}

type SlotOfStep = Pick<AugmentedSlotOptions, "seed" | "stream" | "slot">;

function slotKey({ seed, stream, slot }: SlotOfStep, layer: number): RandomKey {
  const key = randomKey({ seed, stream, layer });
  return { low: randomBits(key, 2 * slot), high: randomBits(key, 2 * slot + 1) };
}

const uniform = ([low, high]: Range, bits: number) => low + (high - low) * (bits / 2 ** 32);
/** 0 to count - 1. */
const below = (count: number, bits: number) => Number(BigInt(bits) * BigInt(count) >> 32n);
const bytesOf = (bits: number) => [bits & 255, bits >> 8 & 255, bits >> 16 & 255, bits >>> 24];

/** The record as gather changes it. Ranges are float32, as on the device. */
export function augmentedRecord(
  augmentation: Augmentation,
  options: AugmentedSlotOptions,
): AugmentedRecord {
  const a = augmentation;
  const { samples, length, mean, std } = options;
  const key = slotKey(options, LAYER.draws);
  const draw = (index: number) => randomBits(key, index);
  const rounded = ([low, high]: Range): Range => [Math.fround(low), Math.fround(high)];

  const factor = uniform(rounded(a.stretch ?? [1, 1]), draw(0));
  const stretched = Math.floor(samples.length * factor);
  const valid = Math.floor(Math.min(stretched, length) / a.hop) * a.hop;
  const start = below(stretched - valid + 1, draw(1));
  const gain = (options.negate ? -1 : 1) / std *
    2 ** uniform(rounded(a.log2Amplitude ?? [0, 0]), draw(2));

  const values = new Float64Array(valid), terms = new Float64Array(valid);
  for (let l = 0; l < valid; l++) {
    const { value, term } = resampled(samples, { factor, position: start + l });
    values[l] = (value - mean) * gain;
    terms[l] = (term + Math.abs(mean)) * Math.abs(gain);
  }
  if (a.wander) {
    const amplitude = uniform(rounded(a.wander.amplitude), draw(3)) / std;
    const step = Math.floor(uniform(rounded(a.wander.frequency), draw(4)) * 2 ** 32);
    for (let l = 0; l < valid; l++) {
      const phase = (draw(5) + step * l) % 2 ** 32;
      values[l]! += amplitude * Math.sin(2 * Math.PI * phase / 2 ** 32);
      terms[l]! += amplitude;
    }
  }
  if (a.noise) {
    const deviation = uniform(rounded(a.noise), draw(6)) / std;
    const noiseKey = slotKey(options, LAYER.noise);
    // Eight uniform bytes: mean 8 * 127.5, variance 8 * (256^2 - 1) / 12.
    const unit = deviation / Math.sqrt(8 * (2 ** 16 - 1) / 12);
    for (let l = 0; l < valid; l++) {
      const bytes = [0, 1].flatMap((i) => bytesOf(randomBits(noiseKey, 2 * l + i)));
      const noise = (bytes.reduce((sum, byte) => sum + byte, 0) - 1020) * unit;
      values[l]! += noise;
      terms[l]! += Math.abs(noise);
    }
  }
  zeroBursts(values, a.bursts, slotKey(options, LAYER.bursts));
  for (let i = 0; i < (a.masks?.count ?? 0); i++) {
    const drawn = 1 + below(a.masks!.length, draw(16 + 2 * i));
    const size = Math.min(drawn, Math.floor(valid / 2));
    const begin = below(valid - size + 1, draw(16 + 2 * i + 1));
    values.fill(0, begin, begin + size);
  }
  return { values, terms };
}

/** The Catmull-Rom spline through the samples at a place of the stretched record. */
function resampled(
  samples: Int16Array,
  { factor, position }: { factor: number; position: number },
): { value: number; term: number } {
  // Places are counted in 2^-32 of a sample, as on the device: a rounding of the step moves them all.
  const place = BigInt(position) * BigInt(Math.round(2 ** 32 / factor));
  const last = samples.length - 1;
  const i = Math.min(Number(place >> 32n), last);
  const t = Number(place & 0xffffffffn) / 2 ** 32;
  const [a, b, c, d] = [-1, 0, 1, 2].map((k) => samples[Math.min(Math.max(i + k, 0), last)]!) as [
    number,
    number,
    number,
    number,
  ];
  // Its basis: weights of the four samples.
  const weights = [
    (-t + 2 * t ** 2 - t ** 3) / 2,
    (2 - 5 * t ** 2 + 3 * t ** 3) / 2,
    (t + 4 * t ** 2 - 3 * t ** 3) / 2,
    (-(t ** 2) + t ** 3) / 2,
  ];
  const taps = [a, b, c, d];
  return {
    value: weights.reduce((sum, weight, k) => sum + weight * taps[k]!, 0),
    term: taps.reduce((sum, tap) => sum + Math.abs(tap), 0),
  };
}

function zeroBursts(values: Float64Array, bursts: Augmentation["bursts"], key: RandomKey): void {
  if (!bursts) return;
  const begins = Array.from(
    values,
    (_, l) => randomBits(key, l) < Math.floor(bursts.probability * 2 ** 32),
  );
  begins.forEach((begin, l) => {
    if (begin) values.fill(0, l, l + bursts.length);
  });
}

/** What a slot is mixed with, and its own share. */
export interface Mixing {
  readonly partner: number;
  readonly share: number;
}

/**
 * The partner is one of the other slots; the share is Beta(alpha, alpha) by Jöhnk's method: the first
 * x = u^(1/alpha), y = v^(1/alpha) with x + y <= 1 give x / (x + y).
 */
export function mixingOf(alpha: number, records: number, options: SlotOfStep): Mixing {
  if (alpha === 0 || records < 2) return { partner: options.slot, share: 1 };
  const key = slotKey(options, LAYER.mixup);
  const partner = (options.slot + 1 + below(records - 1, randomBits(key, 0))) % records;
  for (let i = 0; i < 200; i++) {
    const [x, y] = [1, 2].map((k) =>
      ((randomBits(key, 2 * i + k) + 0.5) / 2 ** 32) ** (1 / alpha)
    ) as [number, number];
    if (x + y <= 1) return { partner, share: x / (x + y) };
  }
  return { partner, share: 0.5 };
}

/** Both records' samples, as long as the shorter one, in their shares. */
export function mixedRecord(
  { share }: Mixing,
  { own, partner }: { own: AugmentedRecord; partner: AugmentedRecord },
): AugmentedRecord {
  const length = Math.min(own.values.length, partner.values.length);
  const mix = (a: Float64Array, b: Float64Array) =>
    Float64Array.from({ length }, (_, l) => share * a[l]! + (1 - share) * b[l]!);
  return { values: mix(own.values, partner.values), terms: mix(own.terms, partner.terms) };
}
