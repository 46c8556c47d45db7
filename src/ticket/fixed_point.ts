/**
 * The units of 16-bit activations.
 *
 * @module
 */

/** Largest magnitude of an activation in its units. */
export const INT16_MAX = 32767;

/** Activations may be this many times as large as on the calibration records before they are cut off. */
export const HEADROOM = 2;

/** By name of a value of the network, the amount that one unit of it stands for; the record is `INPUT`. */
export type ActivationUnits = ReadonlyMap<string, number>;

/** @param largest By name of a value, the largest magnitude on calibration records. */
export function activationUnits(largest: ReadonlyMap<string, number>): ActivationUnits {
  return new Map(
    [...largest].map(([name, most]) => [name, Math.fround((HEADROOM * most || 1) / INT16_MAX)]),
  );
}

/** An activation in whole units, cut off if it does not fit, in 32-bit floats as the C code does it. */
export function toUnits(x: number, unit: number): number {
  const scaled = Math.fround(x / unit);
  const whole = Math.trunc(Math.fround(scaled + (scaled < 0 ? -0.5 : 0.5)));
  // C converts to an integer, whose zero has no sign.
  return Math.max(-INT16_MAX, Math.min(INT16_MAX, whole)) + 0;
}
