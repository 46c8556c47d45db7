/**
 * Settings of augmentation, in millivolts, seconds and hertz. docs/augmentation.md explains each.
 * config/augmentation.ts checks the limits that follow from the data set's sampling rate.
 *
 * @module
 */
import { number, orNull, range, whole } from "../kinds.ts";
import { optional, setting } from "../setting.ts";

/** From native/include/lth/augment.h. */
const MOST_MASKS = 8;

const isOne = ([low, high]: readonly number[]) => low === 1 && high === 1;
const isZero = ([low, high]: readonly number[]) => low === 0 && high === 0;
const mV = { least: 0, most: 1000, unit: "mV" } as const;

/** A slow sine. */
const wander = optional({
  amplitude: setting(range(mV), {
    label: "Baseline wander",
    unit: "mV",
    help: "add a slow sine of this amplitude, mV, or off",
    flag: "--wander <lo,hi>",
    nothing: isZero,
  }),
  /** By default the frequencies at which breathing and loose electrodes move the baseline. */
  frequency: setting(range({ least: 0, unit: "Hz" }), {
    label: "Frequency of the wander",
    unit: "Hz",
    help: "frequency of the slow sine, Hz (default: 0.05,0.5)",
    flag: "--wander-frequency <lo,hi>",
    default: [0.05, 0.5],
  }),
}, { why: "there is no baseline wander" });

const bursts = optional({
  perSecond: setting(number({ least: 0, unit: "a second" }), {
    label: "Bursts of zeros",
    unit: "a second",
    help: "bursts of zeros per second",
    nothing: (value) => value === 0,
  }),
  seconds: setting(number({ above: 0, unit: "s" }), {
    label: "Length of a burst",
    unit: "s",
    help: "length of a burst, seconds",
  }),
}, {
  flag: "--bursts <n,s>",
  help: "set n bursts of s seconds each to zero in every second, or off",
  why: "there are no bursts",
});

const masks = optional({
  count: setting(whole({ least: 1, most: MOST_MASKS }), {
    label: "Masked stretches",
    help: "number of stretches of a record that are set to zero",
  }),
  seconds: setting(number({ above: 0, most: 3600, unit: "s" }), {
    label: "Longest masked stretch",
    unit: "s",
    help: "length of the longest stretch, seconds",
  }),
}, {
  flag: "--masks <n,s>",
  help: "set n stretches of up to s seconds to zero, or off",
  why: "nothing is masked",
});

/** Null where a record is left as it is. */
export const augment = optional({
  stretch: setting(orNull(range({ least: 1 / 16, most: 16 }), "off"), {
    label: "Time stretch",
    unit: "×",
    help: "make records this many times as long: 0.67,1.33, or off",
    flag: "--stretch <lo,hi>",
    default: null,
    absent: null,
    nothing: (value) => value !== null && isOne(value),
  }),
  crop: setting(orNull(number({ above: 0, unit: "s" }), "off"), {
    label: "Random crop",
    unit: "s",
    help: "cut longer records to a random window, seconds, or off",
    flag: "--crop <s>",
    default: null,
    absent: null,
  }),
  /** Log-uniform. */
  amplitude: setting(orNull(range({ least: 1 / 64, most: 64 }), "off"), {
    label: "Amplitude",
    unit: "×",
    help: "multiply records by a random factor: 0.5,2, or off",
    flag: "--amplitude <lo,hi>",
    default: null,
    absent: null,
    nothing: (value) => value !== null && isOne(value),
  }),
  wander,
  noise: setting(orNull(range(mV), "off"), {
    label: "White noise",
    unit: "mV",
    help: "add white noise of this standard deviation, mV, or off",
    flag: "--noise <lo,hi>",
    default: null,
    absent: null,
    nothing: (value) => value !== null && isZero(value),
  }),
  bursts,
  masks,
  mixup: setting(orNull(number({ least: 0.05, most: 2 }), "off"), {
    label: "Mixup alpha",
    help: "mix records and labels in pairs: 0.2, or off",
    flag: "--mixup <alpha>",
    default: null,
    absent: null,
  }),
}, { heading: "augmentation", why: "there is no augmentation" });
