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

/** Rounds activations to whole units and cuts off those that do not fit, as the C code does. In place. */
export function roundToUnits(row: Float32Array, unit: number): void {
  for (let i = 0; i < row.length; i++) {
    const scaled = row[i]! / unit;
    const whole = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
    row[i] = Math.max(-INT16_MAX, Math.min(INT16_MAX, whole)) * unit;
  }
}
