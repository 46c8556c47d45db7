/**
 * Resamples signals.
 *
 * @module
 */

/** Zero crossings of the sinc on each side of its middle. */
const HALF_WIDTH = 24;
/** Kaiser window: side lobes about 80 dB down. */
const KAISER_BETA = 8;
/** The pass band ends at this fraction of the lower of the two Nyquist frequencies. */
const CUTOFF = 0.92;
/** Rates are taken in steps of a thousandth of a hertz. */
const RATE_STEPS = 1000;

/**
 * `samples` [length] taken at `from` Hz, as floor(length * to / from) values at `to` Hz, the first at
 * the same instant. The method is windowed-sinc interpolation with a cutoff below both Nyquist frequencies, so
 * that frequencies above the new range are removed and do not alias. The weights of each output sum to 1, so a
 * constant stays constant, also at the edges.
 *
 * @param rates Rates in Hz, positive; rounded to 0.001 Hz.
 */
export function resample(
  samples: ArrayLike<number>,
  { from, to }: { from: number; to: number },
): Float64Array {
  const [up, down] = reduced(Math.round(to * RATE_STEPS), Math.round(from * RATE_STEPS));
  if (!(up > 0) || !(down > 0)) throw new RangeError(`Cannot resample from ${from} to ${to} Hz`);
  const { length } = samples;
  const out = new Float64Array(Math.floor((length * up) / down));
  if (up === down) return out.map((_, i) => samples[i]!);
  const cutoff = CUTOFF * Math.min(1, up / down);
  const reach = Math.ceil(HALF_WIDTH / cutoff);
  const phases = new Map<number, Float64Array>();
  for (let i = 0; i < out.length; i++) {
    const middle = Math.floor((i * down) / up);
    const phase = (i * down) % up;
    let weights = phases.get(phase);
    if (!weights) phases.set(phase, weights = weightsOf(phase / up, { cutoff, reach }));
    let sum = 0;
    let total = 0;
    const first = Math.max(0, reach - 1 - middle);
    const last = Math.min(weights.length, length - middle + reach - 1);
    for (let k = first; k < last; k++) {
      sum += weights[k]! * samples[middle - reach + 1 + k]!;
      total += weights[k]!;
    }
    out[i] = sum / total;
  }
  return out;
}

/** The weights [2 * reach] of the inputs around an output that lies `phase` inputs past the middle. */
function weightsOf(
  phase: number,
  { cutoff, reach }: { cutoff: number; reach: number },
): Float64Array {
  return Float64Array.from({ length: 2 * reach }, (_, k) => {
    const t = k - reach + 1 - phase;
    const x = Math.PI * cutoff * t;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    const edge = 1 - (t / reach) ** 2;
    return edge <= 0 ? 0 : sinc * bessel0(KAISER_BETA * Math.sqrt(edge));
  });
}

/** The modified Bessel function of the first kind and order 0, by its power series. */
function bessel0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function reduced(a: number, b: number): [number, number] {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return [a / x, b / x];
}
