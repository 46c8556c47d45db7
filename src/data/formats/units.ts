/**
 * Units of voltage and time as files write them.
 *
 * @module
 */

/** The values of `--units`: `raw` means stored units, 1000 per mV. */
export const UNITS = ["mV", "uV", "V", "raw"] as const;
/** One of {@linkcode UNITS}. */
export type Units = (typeof UNITS)[number];

/** Stored units per millivolt, as in the recordings of PhysioNet/CinC 2017. */
export const UNITS_PER_MILLIVOLT = 1000;

/** Millivolts per unit. */
const MILLIVOLTS: ReadonlyMap<string, number> = new Map(Object.entries({
  ...{ v: 1e3, volt: 1e3, volts: 1e3 },
  ...{ mv: 1, millivolt: 1, millivolts: 1, "milli volt": 1 },
  ...{ uv: 1e-3, microvolt: 1e-3, microvolts: 1e-3, "micro volt": 1e-3, mcv: 1e-3 },
  ...{ nv: 1e-6, nanovolt: 1e-6, nanovolts: 1e-6 },
}));

/** The micro sign, the Greek letter, and both in UTF-8 that was read as Latin-1. */
const MICRO = /\u00c2?\u00b5|\u03bc|\u00ce\u00bc/g;

/** Millivolts in one `unit`; null if it is not a voltage. Case is ignored, because megavolts do not occur. */
export function millivoltsIn(unit: string): number | null {
  return MILLIVOLTS.get(plainUnit(unit)) ?? null;
}

/** Seconds per unit. */
const SECONDS: ReadonlyMap<string, number> = new Map(Object.entries({
  ...{ s: 1, sec: 1, secs: 1, second: 1, seconds: 1, sek: 1, sekunden: 1 },
  ...{ ms: 1e-3, msec: 1e-3, millis: 1e-3, millisecond: 1e-3, milliseconds: 1e-3 },
  ...{ us: 1e-6, usec: 1e-6, micros: 1e-6, microsecond: 1e-6, microseconds: 1e-6 },
  ...{ ns: 1e-9, nsec: 1e-9, nanos: 1e-9, nanosecond: 1e-9, nanoseconds: 1e-9 },
  ...{ min: 60, minutes: 60 },
}));

/** Seconds in one `unit`; null if it is not a time. */
export function secondsIn(unit: string): number | null {
  return SECONDS.get(plainUnit(unit)) ?? null;
}

function plainUnit(unit: string): string {
  return unit.replace(MICRO, "u").trim().toLowerCase();
}

/** Whether a unit only means the counts of a converter. */
export function isArbitrary(unit: string): boolean {
  return /^(adu|adc|a\.?u\.?|counts?|raw|lsb|bits?|digits?|units?|nd|n\/a|-|)$/i.test(unit.trim());
}
