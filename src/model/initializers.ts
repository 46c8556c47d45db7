/**
 * Initial weights: He et al. 2015, "Delving deep into rectifiers", section 2.2.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";

/** The fan in He's variance 2 / fan: it keeps the scale of the forward or of the backward signal. */
export type FanMode = "fan-in" | "fan-out";

/**
 * Draws a convolution weight from the normal distribution with mean 0 and variance 2 / fan.
 *
 * @param shape [Cout, Cin, K]; fan-in is Cin * K, fan-out Cout * K.
 * @param options.seed Seed of the run. `name` selects the tensor's own random stream, so a new layer does
 * not change the other layers.
 */
export function heNormal(
  shape: readonly [number, number, number],
  options: { mode: FanMode; seed: number; name: string },
): Float32Array {
  const [outChannels, inChannels, kernel] = shape;
  const deviation = heDeviation(shape, options.mode);
  return normals(outChannels * inChannels * kernel, {
    seed: options.seed,
    name: options.name,
  }).map((x) => x * deviation);
}

/** The standard deviation of {@linkcode heNormal}. */
export function heDeviation(shape: readonly [number, number, number], mode: FanMode): number {
  const [outChannels, inChannels, kernel] = shape;
  return Math.sqrt(2 / ((mode === "fan-in" ? inChannels : outChannels) * kernel));
}

/** Standard normal numbers by the Box-Muller transform. */
function normals(count: number, stream: { seed: number; name: string }): Float32Array {
  const rng = createRng(stream.seed, "initialise", stream.name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
    const angle = 2 * Math.PI * rng.next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
