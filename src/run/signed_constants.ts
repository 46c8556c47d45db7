/**
 * Signed constants of Zhou et al. 2019 ("Deconstructing lottery tickets"): an initial weight keeps only its
 * sign; its size becomes one constant per layer.
 *
 * @module
 */
import { heDeviation } from "../model/initializers.ts";
import type { Network } from "../model/network.ts";

/**
 * Replaces every prunable weight by its sign times the standard deviation of its layer's initialisation.
 * Pruned weights stay 0.
 */
export function setSignedConstants(network: Network): void {
  for (const { parameter } of network.prunable) {
    const shape = parameter.shape as [number, number, number];
    const deviation = heDeviation(shape, network.config.init);
    const values = parameter.read("value");
    parameter.write("value", values.map((w) => w < 0 ? -deviation : deviation));
  }
}
