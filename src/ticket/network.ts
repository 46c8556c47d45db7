/**
 * A trained network as plain numbers, independent of any device: what every export starts from.
 *
 * @module
 */
import { loadAddon } from "../addon/addon.ts";
import type { Isa, NativeInference } from "../addon/native.ts";
import { Failure } from "../core/errors.ts";
import type { Snapshot } from "../training/snapshot.ts";
import { type NetworkShape, shapeLayers, tensorShapes } from "../model/shape.ts";

/** A network with all its numbers. */
export interface TrainedNetwork {
  readonly shape: NetworkShape;
  /** Added to every running variance. */
  readonly epsilon: number;
  /**
   * By the names of checkpoints without their prefixes: `stem.weight` [Cout, Cin, K], `stem.bias`,
   * `stem.norm.gamma`, `.beta`, `.running_mean`, `.running_variance`. Pruned weights are exactly 0.
   */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /**
   * Of a network whose weights were rounded to 8 bits (quantise.ts): by convolution [Cout] the unit of
   * which the output channel's weights are whole multiples.
   */
  readonly units?: ReadonlyMap<string, Float32Array>;
}

/** One tensor. @throws {Failure} If the network lacks it. */
export function tensorOf(network: TrainedNetwork, name: string): Float32Array {
  const data = network.tensors.get(name);
  if (data === undefined) throw new Failure(`The network has no tensor ${name}`);
  return data;
}

/**
 * The network of a finished round.
 *
 * @param snapshot As a round's `end.safetensors` holds it.
 * @throws {Failure} If a tensor is missing or has another size than the shape says.
 */
export function networkOfSnapshot(
  snapshot: Snapshot,
  { shape, epsilon }: { shape: NetworkShape; epsilon: number },
): TrainedNetwork {
  const tensors = new Map<string, Float32Array>();
  for (const { name, shape: extents } of tensorShapes(shape)) {
    const key = `${/running_/.test(name) ? "buffer" : "value"}/${name}`;
    const data = snapshot.get(key)?.data;
    const size = extents.reduce((product, n) => product * n, 1);
    if (!(data instanceof Float32Array) || data.length !== size) {
      throw new Failure(
        `The checkpoint's tensor ${key} does not hold the ${size} numbers of shape [${extents}]`,
      );
    }
    tensors.set(name, data);
  }
  return { shape, epsilon, tensors };
}

/**
 * The network in the sparse engine, on the calling thread.
 *
 * @throws {RangeError} If a number is not finite.
 */
export function openInference(
  network: TrainedNetwork,
  { isa = "automatic" }: { isa?: Isa } = {},
): NativeInference {
  const layers = shapeLayers(network.shape);
  const tensor = (name: string) => tensorOf(network, name);
  return new (loadAddon().Inference)({
    shape: { ...network.shape },
    epsilon: network.epsilon,
    convolutions: layers.filter((layer) => layer.kind === "conv").map(({ name }) => ({
      weight: tensor(`${name}.weight`),
      bias: tensor(`${name}.bias`),
    })),
    norms: layers.filter((layer) => layer.kind === "norm").map(({ name }) => ({
      gamma: tensor(`${name}.gamma`),
      beta: tensor(`${name}.beta`),
      mean: tensor(`${name}.running_mean`),
      variance: tensor(`${name}.running_variance`),
    })),
    isa,
  });
}
