/**
 * Zhou et al. 2019 ("Deconstructing lottery tickets"): of an initial weight only its sign is
 * kept, its size becomes one constant per layer.
 *
 * @module
 */
import { heDeviation } from "../model/initializers.ts";
import type { Network } from "../model/network.ts";

/**
 * Replaces every prunable weight by its sign times the standard deviation that its layer was initialised
 * with. Pruned weights stay 0.
 */
export function setSignedConstants(network: Network): void {
  for (const { parameter } of network.prunable) {
    const shape = parameter.shape as [number, number, number];
    const deviation = heDeviation(shape, network.config.init);
    const values = parameter.read("value");
    parameter.write("value", values.map((w) => w < 0 ? -deviation : deviation));
  }
}
