/**
 * Augmentation of training batches as settings of a run: in millivolts, seconds and hertz, as people say
 * them. docs/augmentation.md explains each; the arithmetic is native/include/lth/augmented_slot.h.
 *
 * @module
 */
import { z } from "zod";
import type { Augmentation, Range } from "../addon/native.ts";
import { UsageError } from "../core/errors.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { UNITS_PER_MILLIVOLT } from "../data/formats/units.ts";
import { HOP, SAMPLE_RATE, usedLength } from "../data/format.ts";

/** Of native/include/lth/augment.h. */
const MOST_BURST = 4096;
const MOST_MASKS = 8;

/** A number from least to most; says what it got instead. */
function number(least: number, most: number, unit = "") {
  return z.number().refine((value) => value >= least && value <= most, {
    error: ({ input }) => `expected a number from ${least} to ${most}${unit}, not ${input}`,
  });
}

function count(most: number) {
  return z.number().refine((value) => Number.isInteger(value) && value >= 1 && value <= most, {
    error: ({ input }) => `expected a whole number from 1 to ${most}, not ${input}`,
  });
}

/** [low, high] with least <= low <= high <= most. */
function range(least: number, most: number, unit = "") {
  return z.tuple([z.number(), z.number()])
    .refine(([low, high]) => least <= low && low <= high && high <= most, {
      error: (issue) => {
        const [low, high] = issue.input as Range;
        return `expected a range from low to high within ${least} to ${most}${unit}, ` +
          `not ${low} to ${high}`;
      },
    });
}

const samples = (seconds: number): number => Math.round(seconds * SAMPLE_RATE);
/** Seconds of one sample, as people write them. */
const ONE_SAMPLE = 0.0034;

/** Null: without it. */
export const augmentSettings = z.strictObject({
  /** The record becomes so many times as long. */
  stretch: range(1 / 16, 16).nullable().default(null),
  /** Seconds: longer records are cut to a random window of that length. */
  crop: z.number().refine((seconds) => usedLength(samples(seconds)) >= HOP, {
    error: ({ input }) =>
      `expected at least ${HOP} samples, ${
        (HOP / SAMPLE_RATE).toFixed(3)
      } s, for one label, not ${input} s`,
  }).nullable().default(null),
  /** Factor, log-uniform. */
  amplitude: range(1 / 64, 64).nullable().default(null),
  wander: z.strictObject({
    amplitude: range(0, 1000, " mV"),
    frequency: range(0, SAMPLE_RATE / 2, " Hz"),
  }).nullable().default(null),
  /** Standard deviation. */
  noise: range(0, 1000, " mV").nullable().default(null),
  bursts: z.strictObject({
    perSecond: number(0, SAMPLE_RATE - 1, " a second"),
    seconds: number(ONE_SAMPLE, Math.floor(MOST_BURST / SAMPLE_RATE), " s"),
  }).nullable().default(null),
  masks: z.strictObject({
    count: count(MOST_MASKS),
    /** Of the longest. */
    seconds: number(ONE_SAMPLE, 3600, " s"),
  }).nullable().default(null),
  /** Alpha: records and labels are mixed in pairs. */
  mixup: number(0.05, 2).nullable().default(null),
});

/** Augmentation of a run. */
export type AugmentSettings = z.infer<typeof augmentSettings>;

/** The options of a command line; undefined where none was given, null for "off". */
export interface AugmentOverrides {
  stretch?: Range | null | undefined;
  crop?: number | null | undefined;
  amplitude?: Range | null | undefined;
  /** mV. */
  wander?: Range | null | undefined;
  /** Hz. */
  wanderFrequency?: Range | undefined;
  noise?: Range | null | undefined;
  /** Number in a second, seconds of each. */
  bursts?: Range | null | undefined;
  /** Number, seconds of the longest. */
  masks?: Range | null | undefined;
  /** Alpha. */
  mixup?: number | null | undefined;
}

/** Hz: what breathing and loose electrodes move the baseline with. */
const USUAL_WANDER_FREQUENCY: Range = [0.05, 0.5];

/**
 * Settings with the given options put in; null if none is left.
 *
 * @throws {UsageError} For a frequency of a wander that there is not.
 */
export function augmentOverridden(
  base: AugmentSettings | null,
  given: AugmentOverrides,
): unknown {
  const { bursts, masks, wanderFrequency } = given;
  const asked = {
    stretch: given.stretch,
    crop: given.crop,
    amplitude: given.amplitude,
    wander: given.wander && {
      amplitude: given.wander,
      frequency: base?.wander?.frequency ?? USUAL_WANDER_FREQUENCY,
    },
    noise: given.noise,
    bursts: bursts && { perSecond: bursts[0], seconds: bursts[1] },
    masks: masks && { count: masks[0], seconds: masks[1] },
    mixup: given.mixup,
  };
  const defined = Object.entries(asked).filter(([, value]) => value !== undefined);
  const merged: Partial<AugmentSettings> = { ...base, ...Object.fromEntries(defined) };
  if (wanderFrequency !== undefined) {
    if (!merged.wander) {
      throw new UsageError(
        "Cannot use --wander-frequency without --wander: there is no baseline wander",
      );
    }
    merged.wander = { ...merged.wander, frequency: [...wanderFrequency] };
  }
  return Object.values(merged).every((value) => value === null) ? null : merged;
}

/** The settings in samples and stored units, as the device takes them. */
export function nativeAugmentation(settings: AugmentSettings): Augmentation {
  const { stretch, amplitude, wander, noise, bursts, masks, mixup } = settings;
  const units = ([low, high]: Range): Range => [
    low * UNITS_PER_MILLIVOLT,
    high * UNITS_PER_MILLIVOLT,
  ];
  return {
    hop: HOP,
    stretch: stretch ?? undefined,
    log2Amplitude: amplitude ? [Math.log2(amplitude[0]), Math.log2(amplitude[1])] : undefined,
    wander: wander
      ? {
        amplitude: units(wander.amplitude),
        frequency: [wander.frequency[0] / SAMPLE_RATE, wander.frequency[1] / SAMPLE_RATE],
      }
      : undefined,
    noise: noise ? units(noise) : undefined,
    bursts: bursts
      ? { probability: bursts.perSecond / SAMPLE_RATE, length: samples(bursts.seconds) }
      : undefined,
    masks: masks ? { count: masks.count, length: samples(masks.seconds) } : undefined,
    mixup: mixup ?? undefined,
  };
}

/** Samples that a training record is cut to: a multiple of the hop, or Infinity. */
export function croppedLength(settings: AugmentSettings | null): number {
  const crop = settings?.crop ?? null;
  return crop === null ? Infinity : usedLength(samples(crop));
}

/**
 * Refuses a stretch that leaves a training record without a label.
 *
 * @throws {UsageError} Naming the record.
 */
export function refuseUnusableStretch(
  settings: AugmentSettings | null,
  { splits: { train } }: LoadedDataset,
): void {
  const low = Math.fround(settings?.stretch?.[0] ?? 1);
  const at = train.lengths.findIndex((length) => Math.floor(length * low) < HOP);
  if (at < 0) return;
  const length = train.lengths[at]!;
  throw new UsageError(
    `Cannot stretch records by ${settings!.stretch![0]}: record ${
      train.ids[at]
    } of ${length} samples ` +
      `would keep ${Math.floor(length * low)}, and a label takes ${HOP}; use at least ` +
      `${(Math.ceil(100 * HOP / Math.min(...train.lengths)) / 100).toFixed(2)}`,
  );
}
