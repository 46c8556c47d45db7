/**
 * Converts augmentation settings from millivolts, seconds and hertz to samples and stored units of a data
 * set, and checks what its sampling rate allows. The arithmetic is in native/include/lth/augmented_slot.h.
 *
 * @module
 */
import type { Augmentation, Range } from "../addon/native.ts";
import { UsageError } from "../core/errors.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { UNITS_PER_MILLIVOLT } from "../data/formats/units.ts";
import { HOP, usedLength } from "../data/format.ts";
import type { TrainingSettings } from "./config.ts";

/** Augmentation of a run. */
export type AugmentSettings = NonNullable<TrainingSettings["augment"]>;

/** Largest number of samples in a burst, as in native/include/lth/augment.h. */
const MOST_BURST = 4096;

/**
 * The settings in samples and stored units, as the device takes them.
 *
 * @param rate Samples per second of the data set.
 * @throws {UsageError} If this rate does not allow one of the settings.
 */
export function nativeAugmentation(settings: AugmentSettings, rate: number): Augmentation {
  refuseBeyondRate(settings, rate);
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
        frequency: [wander.frequency[0] / rate, wander.frequency[1] / rate],
      }
      : undefined,
    noise: noise ? units(noise) : undefined,
    bursts: bursts
      ? { probability: bursts.perSecond / rate, length: samplesOf(bursts.seconds, rate) }
      : undefined,
    masks: masks ? { count: masks.count, length: samplesOf(masks.seconds, rate) } : undefined,
    mixup: mixup ?? undefined,
  };
}

/** Number of samples that a training record is cut to: a multiple of the hop, or Infinity. */
export function croppedLength(settings: AugmentSettings | null, rate: number): number {
  const crop = settings?.crop ?? null;
  return crop === null ? Infinity : usedLength(samplesOf(crop, rate));
}

function samplesOf(seconds: number, rate: number): number {
  return Math.round(seconds * rate);
}

function refuseBeyondRate({ wander, bursts, masks, crop }: AugmentSettings, rate: number): void {
  const refuse = (name: string, why: string) => {
    throw new UsageError(
      `Cannot augment records of ${rate} samples a second: training.augment.${name}: ${why}`,
    );
  };
  if (crop !== null && croppedLength({ crop } as AugmentSettings, rate) < HOP) {
    refuse(
      "crop",
      `expected at least ${HOP} samples, ${
        (HOP / rate).toFixed(3)
      } s, for one label, not ${crop} s`,
    );
  }
  if (wander !== null && wander.frequency[1] > rate / 2) {
    refuse(
      "wander.frequency",
      `expected a range from low to high within 0 to ${rate / 2} Hz, ` +
        `not ${wander.frequency.join(" to ")}`,
    );
  }
  if (bursts !== null && bursts.perSecond > rate - 1) {
    refuse(
      "bursts.perSecond",
      `expected a number from 0 to ${rate - 1} a second, not ${bursts.perSecond}`,
    );
  }
  const lengths = [
    ["bursts.seconds", bursts?.seconds, MOST_BURST],
    ["masks.seconds", masks?.seconds, Infinity],
  ] as const;
  for (const [name, seconds, most] of lengths) {
    if (seconds === undefined) continue;
    const length = samplesOf(seconds, rate);
    if (length < 1) refuse(name, `expected at least one sample, ${1 / rate} s, not ${seconds} s`);
    if (length > most) {
      refuse(name, `expected at most ${most} samples, ${most / rate} s, not ${seconds} s`);
    }
  }
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
